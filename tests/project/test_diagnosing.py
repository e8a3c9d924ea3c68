import math
from pathlib import Path

import numpy as np
import pytest

from kilter.project.diagnosing import diagnose
from kilter.values.errors import DataError, UsageError
from kilter.values.finding import Severity
from kilter.values.history import History
from kilter.values.log import Log
from kilter.values.run import Run


def losses(count=400, seed=0, lowest=0.5):
    draw = np.random.default_rng(seed)
    return (lowest + 2 * np.exp(-np.arange(count) / 80)) * np.exp(0.05 * draw.standard_normal(count))


def exploding():
    return [*losses(200).tolist(), *[math.nan] * 50]


def history(values, name="train.loss"):
    return History.of((step, {name: float(value)}) for step, value in enumerate(values, start=1))


@pytest.fixture
def table(tmp_path):
    def write(way, values):
        path = tmp_path / way
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("step,train_loss\n" + "".join(f"{at},{value}\n" for at, value in enumerate(values)), "utf-8")
        return path

    return write


def test_a_training_without_a_fault_is_silent():
    diagnosis = diagnose(history(losses()))

    assert [finding for finding in diagnosis.findings if finding.severity > Severity.NOTE] == []
    assert diagnosis.partings == ()
    assert diagnosis.runs[0].examination.seconds


def test_the_same_curves_say_the_same_however_they_are_given(table):
    path = table("a.csv", exploding())
    given = [
        path,
        str(path),
        history(exploding()),
        history(exploding(), "training/loss"),
        Log(name="x", history=history(exploding(), "loss")),
        Run(path=Path("runs/x"), status="done", history=history(exploding())),
        {"loss": exploding()},
    ]
    said = [[finding.name for finding in diagnose(one).findings] for one in given]

    assert "not-a-number" in said[0]
    assert said == [said[0]] * len(given)


def test_the_task_and_the_classes_are_told_to_the_checks_that_ask():
    first = diagnose(history(losses() + 7), task="classification", classes=3)
    again = diagnose(history(losses() + 7))

    assert "first-logged-loss" in [finding.name for finding in first.findings]
    assert "first-logged-loss" not in [finding.name for finding in again.findings]


def test_a_column_is_chosen_in_memory_too():
    log = diagnose({"a": exploding(), "loss": losses().tolist()}, columns={"train_loss": "a"}).runs[0].log

    assert log.taken["train.loss"] == "a"


def test_several_runs_are_held_against_the_first(table):
    paths = [table("a.csv", losses()), table("b.csv", losses(seed=1)), table("c.csv", losses(seed=2, lowest=0.1))]
    diagnosis = diagnose(*paths)
    partings = {(parting.left, parting.right): parting for parting in diagnosis.partings}

    assert [run.name for run in diagnosis.runs] == ["a", "b", "c"]
    assert [run.source for run in diagnosis.runs] == list(map(str, paths))
    assert set(partings) == {("a", "b"), ("a", "c")}
    assert partings["a", "b"].step is None
    assert partings["a", "c"].better == "c"


def test_runs_bear_different_names(table, tmp_path):
    for way in ("one/metrics.csv", "two/x/metrics.csv", "two/y/metrics.csv", "three/x/metrics.csv"):
        table(way, losses())
    diagnosis = diagnose(
        tmp_path / "one", tmp_path / "two", tmp_path / "three" / "x" / "metrics.csv", history(losses())
    )
    names = [run.name for run in diagnosis.runs]

    assert len(set(names)) == 5
    assert names[0] == "one"
    assert names[2] == "y"
    assert diagnose(history(losses()), history(losses())).runs[1].name == "history (2)"


def test_epochs_are_not_laid_over_steps():
    epochs = {"epoch": list(range(20)), "loss": losses()[::20].tolist()}
    diagnosis = diagnose(history(losses()), epochs)

    assert diagnosis.partings == ()
    assert "counts epochs" in diagnosis.runs[1].log.notes[-1]


@pytest.mark.parametrize(
    ("given", "options", "error", "said"),
    [
        ({"loss": [1.0]}, {"task": "clasification"}, UsageError, "did you mean 'classification'"),
        ({"loss": [1.0]}, {"classes": 1}, UsageError, "2 or more"),
        ({"loss": [1.0]}, {"columns": {"accuracy": "loss"}}, UsageError, "names no curve"),
        (3, {}, UsageError, "a int to diagnose"),
        ("nothing.csv", {}, DataError, "is not there"),
    ],
)
def test_what_cannot_be_diagnosed_is_refused(given, options, error, said):
    with pytest.raises(error, match=said):
        diagnose(given, **options)
