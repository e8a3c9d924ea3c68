"""A small project that trains in a second, and the command line as a function."""

import json
from dataclasses import dataclass

import pytest

from kilter.cli.main import main

PROJECT = """\
name: small
task: classification
data:
  train: train.csv
  target: label
model: {name: mlp, width: 8}
train: {length: 3ep}
baselines: [majority, linear]
"""


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture
def kilter(capsys, monkeypatch):
    """Runs a command line as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return Ended(left.value.code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A project file whose two classes are told apart by a number, with a little noise."""
    folder = tmp_path_factory.mktemp("small")
    rows = [f"{(i * 37 % 101) / 100},{(i * 53 % 89) / 100},{'ab'[(i * 37 % 101 + i % 7) > 50]}" for i in range(300)]
    (folder / "train.csv").write_text("\n".join(["x,z,label", *rows]), "utf-8")
    (folder / "kilter.yaml").write_text(PROJECT, "utf-8")
    return folder / "kilter.yaml"


@pytest.fixture(scope="session")
def trained(small, tmp_path_factory):
    """A run of the small project, made once."""
    from kilter.project.flow import run_project
    from kilter.project.reading import read_project

    return run_project(read_project(small), runs=tmp_path_factory.mktemp("runs"))
