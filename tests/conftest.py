"""What all tests share: one thread, the same examples each time, and where outside data may be found."""

import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

# Read when torch and BLAS are first imported, also by processes that tests start; set here, so that torch-free
# tests need not import torch to say it.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# A busy machine must not fail a test, and a failure must be the same on every machine.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of outside data sets and planted faults; KILTER_SHARED names it."""
    root = Path(__file__).parents[1]
    folder = Path(os.environ.get("KILTER_SHARED", root.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}; KILTER_SHARED names the folder of outside data")
    return folder


@pytest.fixture
def dirty(shared):
    """A malformed file by its name, or a skip where it is absent."""
    return partial(_found, shared / "dirty")


@pytest.fixture
def dataset(shared):
    """A file of a data set by its name, or a skip where it is absent."""
    return partial(_found, shared / "data")


def _found(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


@pytest.fixture(scope="session")
def repeats() -> int:
    """How often a random trial (a kill and a resume) is repeated; KILTER_SHORT=1 asks for the short form."""
    return 5 if os.environ.get("KILTER_SHORT") == "1" else 20


SMALL = """\
name: small
task: classification
data:
  train: train.csv
  target: label
model: {name: mlp, width: 8}
train: {length: 3ep}
baselines: [majority, linear]
"""


@pytest.fixture(scope="session")
def small_file(tmp_path_factory) -> Path:
    """A project file whose two classes are told apart by a number, with a little noise; it trains in a second."""
    folder = tmp_path_factory.mktemp("small")
    rows = [f"{(i * 37 % 101) / 100},{(i * 53 % 89) / 100},{'ab'[(i * 37 % 101 + i % 7) > 50]}" for i in range(300)]
    (folder / "train.csv").write_text("\n".join(["x,z,label", *rows]), "utf-8")
    (folder / "kilter.yaml").write_text(SMALL, "utf-8")
    return folder / "kilter.yaml"


@pytest.fixture(scope="session")
def trained(small_file, tmp_path_factory):
    """A run of the small project, made once; tests that change it copy it first."""
    from kilter.project.flow import run_project
    from kilter.project.reading import read_project

    return run_project(read_project(small_file), runs=tmp_path_factory.mktemp("runs"))
