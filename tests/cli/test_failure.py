import json
from pathlib import Path

import click
import pytest

from kilter.cli.failure import exit_code_of
from kilter.values.errors import (
    DataError,
    Fault,
    Interrupted,
    KilterError,
    MissingDependency,
    RecipeError,
    TrainingError,
    UsageError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KilterError("x"), 1),
        (UsageError("x"), 2),
        (RecipeError("x"), 2),
        (click.UsageError("x"), 2),
        (DataError("x"), 3),
        (TrainingError("x"), 4),
        (MissingDependency("x"), 5),
        (Interrupted("x"), 130),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (MemoryError(), 1),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_every_kind_of_error_has_its_code(error, code, capsys):
    assert exit_code_of(error, ["run"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.count("\n") == 1


def test_faults_stand_below_each_other(capsys):
    exit_code_of(RecipeError("1 fault in kilter.yaml", faults=[Fault(met="x", where="kilter.yaml:1:2")]), ["run"])

    assert capsys.readouterr().err == "RecipeError: 1 fault in kilter.yaml.\n  kilter.yaml:1:2 x.\n"


def test_an_unforeseen_error_says_where_its_trace_is_and_how_to_report_it(capsys):
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018 - the division is the error
    assert exit_code_of(caught.value, ["run"]) == 1
    said = capsys.readouterr().err
    path = Path(said.partition("the trace is in ")[2].partition(";")[0])

    assert "ZeroDivisionError: division by zero" in said
    assert "report it" in said
    assert "Traceback (most recent call last)" in path.read_text("utf-8")
    path.unlink()


def test_with_json_the_error_is_one_document_on_stdout(capsys):
    error = RecipeError("1 fault", faults=[Fault(met="x", legal="y", remedy="z", where="f:1:2")])
    exit_code_of(error, ["run", "kilter.yaml", "--json"])
    document = json.loads(capsys.readouterr().out)

    assert document["command"] == "run"
    assert document["status"] == "failed"
    assert document["scores"] == {}
    assert document["findings"] == []
    assert document["error"] == {
        "kind": "RecipeError",
        "said": "1 fault.",
        "faults": [{"where": "f:1:2", "met": "x", "legal": "y", "remedy": "z"}],
    }


def test_an_interruption_has_its_own_status(capsys):
    exit_code_of(KeyboardInterrupt(), ["train", "--json"])

    assert json.loads(capsys.readouterr().out)["status"] == "interrupted"
