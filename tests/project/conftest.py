"""Small projects that go the whole way in about a second, and columns to guess a project from."""

import csv
import json

import pytest

from kilter.project.flow import run_project
from kilter.project.reading import read_project

SETTINGS = """\
name: small
task: classification
data: {train: rows.csv, target: label}
model: {name: mlp, width: 8}
batch: {size: 16}
train: {length: 3ep}
baselines: [majority, linear]
"""

N = 60  # rows
NOISE = [round(0.37 * i % 7.3, 3) for i in range(N)]
SENTENCES = [f"some words here number {i}" for i in range(N)]
MORE = [f"other words are there, {i} of them" for i in range(N)]


def table(rows=240):
    """Lines of a CSV file whose two classes are told apart by a number, with a little noise."""
    lines = [f"{(i * 37 % 101) / 100},{(i * 53 % 89) / 100},{'ab'[(i * 37 % 101 + i % 7) > 50]}" for i in range(rows)]
    return "\n".join(["x,z,label", *lines, ""])


@pytest.fixture(scope="session")
def make_project():
    """Writes a project into a folder and reads it: its rows, its settings, what is laid over them."""

    def make(folder, *overrides, rows=None, settings=SETTINGS):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rows.csv").write_text(table() if rows is None else rows, "utf-8")
        (folder / "kilter.yaml").write_text(settings, "utf-8")
        return read_project(folder / "kilter.yaml", overrides)

    return make


@pytest.fixture(scope="session")
def small(make_project, tmp_path_factory):
    """A small project of a table."""
    return make_project(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def ran(small, tmp_path_factory):
    """Its run; not to be changed."""
    return run_project(small, runs=tmp_path_factory.mktemp("runs"))


@pytest.fixture
def own_model(tmp_path, monkeypatch):
    """Writes a module of a person's own and says how it is named; each module bears another name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(module, forward, *, before="pass"):
        (tmp_path / f"{module}.py").write_text(
            "import torch\n\n\n"
            "class Net(torch.nn.Module):\n"
            "    def __init__(self, numbers, outputs):\n"
            f"        {before}\n"
            "        super().__init__()\n"
            "        self.layer = torch.nn.Linear(numbers, outputs)\n\n"
            "    def forward(self, numbers):\n"
            f"        {forward}\n",
            "utf-8",
        )
        return f"{module}:Net"

    return write


@pytest.fixture
def write(tmp_path):
    """Writes columns as a CSV file."""

    def one(columns, name="data.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return path

    return one


def lines_of(path, **columns):
    """Writes columns as a file of JSON lines."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def reason(guessed, about):
    """What a guess says about one of its parts."""
    return next(str(each) for each in guessed.reasons if each.about == about)
