"""A person's own training, from their file."""

import pytest

from kilter.project.own_program import is_own_program, read_own_program
from kilter.values.errors import UsageError
from kilter.values.program import Kind, Program

TEXT = """
from dataclasses import dataclass

import torch
from beside_it import WIDTH
from torch import nn

import kilter


@dataclass
class Row:
    x: torch.Tensor


def make(seed, width=WIDTH):
    model = nn.Linear(width, 2)
    batch = torch.randn(8, width), torch.randint(0, 2, (8,))
    return model, torch.optim.SGD(model.parameters(), 0.1), nn.CrossEntropyLoss(), [batch], None


program = kilter.Pipeline.from_loop(make, task="classification", classes=2, epochs=3)


def build():
    return program


def build_later():
    from later import given

    return given


def made():
    return make(0)


def number():
    return 3


def dies():
    raise ValueError("no data here")


classes = 2
_HIDDEN = program

if __name__ == "__main__":
    raise AssertionError("it trains")
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "beside_it.py").write_text("WIDTH = 3\n", "utf-8")
    (tmp_path / "later.py").write_text("import own_training\ngiven = own_training.program\n", "utf-8")
    (tmp_path / "own_training.py").write_text(TEXT, "utf-8")
    return tmp_path / "own_training.py"


@pytest.mark.parametrize("name", ["program", "build", "build_later"])
def test_a_program_or_a_function_that_returns_one(file, name):
    program = read_own_program(f"{file}:{name}")

    assert isinstance(program, Program)
    assert program.task is Kind.CLASSIFICATION
    assert program.epochs == 3


def test_a_function_of_a_seed_gets_the_plain_step(file):
    program = read_own_program(f"{file}:make")

    assert program.step is None
    assert program.make(0)[0].in_features == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("programm", "did you mean 'program'?"),
        ("classes", "is a int"),
        ("Row", "is a type"),
        ("made", "let it take the seed"),
        ("number", "returned a int"),
        ("dies", "raised ValueError: no data here"),
    ],
)
def test_what_is_none_of_these_is_said_with_what_is_legal(file, name, said):
    with pytest.raises(UsageError) as raised:
        read_own_program(f"{file}:{name}")
    assert said in str(raised.value)


def test_a_file_without_a_name_shows_a_name(file):
    with pytest.raises(UsageError, match="without a name") as raised:
        read_own_program(str(file))
    assert f"say {file}:make" in str(raised.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_own_program(f"{tmp_path}/none.py:program")


@pytest.mark.parametrize("text", ["import no_such_module_anywhere", "def broken(:", "raise SystemExit(3)"])
def test_a_file_that_cannot_be_imported_is_said_with_its_error(tmp_path, text):
    (tmp_path / "cannot_be.py").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"cannot_be\.py raised") as raised:
        read_own_program(f"{tmp_path}/cannot_be.py:program")
    assert "__main__" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("train.py:program", True),
        ("a/b/train.py", True),
        ("kilter.yaml", False),
        ("folder", False),
        ("train.py:1 2", False),
    ],
)
def test_files_are_told_apart(text, own):
    assert is_own_program(text) is own
