import numpy as np
import pytest

from kilter.report.diagnosis import best_of, diagnosis_document
from kilter.report.terminal import render_terminal
from kilter.values.diagnosis import DiagnosedRun, Diagnosis, Parting
from kilter.values.finding import Examination, Finding, Severity, Skipped
from kilter.values.history import Curve, History
from kilter.values.log import Log

FOUND = Finding(
    code="C103",
    name="overfitting",
    severity=Severity.WARNING,
    seen="The validation loss rose.",
    advice="Stop earlier.",
    experiment="Train on half of the data.",
    evidence={"lowest": 0.25},
)
SILENT = Examination(
    findings=(), skipped=(Skipped(name="early-decay", reason="no rate"),), seconds={"a": 0.1, "b": 0.1}
)


def run(name, examination, last=0.5):
    history = History.of(
        [(10, {"train.loss": 2.0, "valid.loss": 0.25, "train.epoch": 0, "x": 7.0}), (20, {"valid.loss": last})]
    )
    return DiagnosedRun(name=name, log=Log(name=name, history=history), examination=examination)


def said(*runs, partings=()):
    return render_terminal(diagnosis_document(Diagnosis(runs=runs, partings=partings)), width=120)


def test_one_run_with_its_curves_and_findings():
    text = said(run("warm", Examination(findings=(FOUND,))))

    assert text.startswith("curves of warm\n")
    assert "2 rows to step 20." in text
    assert [line.split() for line in text.splitlines() if line.startswith("valid.loss")] == [
        ["valid.loss", "2", "0.25", "0.25", "10", "0.5"]
    ]
    assert [line.split() for line in text.splitlines() if line.startswith("x ")] == [["x", "1", "7", "–", "–", "7"]]
    assert "1 curve more" in text
    assert "WARNING  C103 overfitting" in text
    assert "evidence: lowest 0.25" in text
    assert "? Train on half of the data." in text


def test_silence_is_said_with_what_could_not_be_judged():
    text = said(run("warm", SILENT))

    assert "1 check found nothing." in text
    assert "early-decay  no rate" in text


def test_a_log_of_which_nothing_can_be_judged_says_so():
    examination = Examination(findings=(), skipped=(Skipped(name="a", reason="no loss"),), seconds={"a": 0.1})

    assert "Nothing could be judged." in said(run("warm", examination))


def test_several_runs_stand_beside_each_other():
    parting = Parting(
        curve="valid.loss", left="warm", right="cold", step=10, until=20, difference=-1.5, error=0.1, better="warm"
    )
    text = said(run("warm", Examination(findings=(FOUND,))), run("cold", SILENT, 2.0), partings=(parting,))
    rows = [line.split() for line in text.splitlines()]

    assert ["run", "steps", "findings", "valid.loss", "train.loss"] in rows
    assert ["warm", "20", "1", "warning", "0.25,", "0.5", "2,", "2"] in rows
    assert ["cold", "20", "none", "0.25,", "2", "2,", "2"] in rows
    assert "valid.loss: warm stays below cold from step 10 on" in text
    assert "another seed may part as much" in text
    assert "Not judged: early-decay." in text


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("valid.loss", [3, 1, 2], 1),
        ("valid.accuracy", [0.5, 0.25, 0.75], 2),
        ("valid.loss", [3, np.nan, 2], 2),
        ("valid.loss", [np.nan, np.inf], None),
        ("train.gradient_norm", [3, 1, np.inf], None),
    ],
)
def test_the_best_of_a_curve(name, values, best):
    assert best_of(Curve(name=name, steps=np.arange(len(values)), values=np.array(values, np.float64))) == best
