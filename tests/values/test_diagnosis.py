import pytest

from kilter.values.diagnosis import DiagnosedRun, Diagnosis, Parting
from kilter.values.finding import Examination, Finding, Severity
from kilter.values.history import History
from kilter.values.log import Log


def finding(severity, name="divergence"):
    return Finding(code="C101", name=name, severity=severity, seen="It climbs <b>.", advice="Lower the rate.")


def run(name, *findings):
    history = History.of([(10, {"train.loss": 2.0}), (20, {"train.loss": 1.0})])
    log = Log(name=name, history=history, taken={"train.loss": "loss", "train.epoch": "train.epoch"}, notes=("Noted.",))
    return DiagnosedRun(name=name, log=log, examination=Examination(findings=findings), source=f"{name}.csv")


def parting(**changes):
    said = {"step": 120, "until": 500, "difference": -0.25, "error": 0.01, "better": "warm"} | changes
    return Parting(curve="valid.loss", left="warm", right="cold", **said)


def test_findings_of_all_runs_the_most_severe_first():
    first, second = finding(Severity.NOTE), finding(Severity.FAILURE)
    diagnosis = Diagnosis(runs=(run("a", first), run("b", second)))

    assert diagnosis.findings == (second, first)
    assert diagnosis.worst is Severity.FAILURE
    assert Diagnosis(runs=(run("a"),)).worst is None


def test_a_run_says_what_was_read():
    assert run("a").about == ("2 rows to step 20.", "Read loss as train.loss.", "Noted.")
    assert str(run("a")) == "a:\n2 rows to step 20.\nRead loss as train.loss.\nNoted.\nnothing found"


def test_what_is_shown_in_a_line_is_short():
    assert repr(Diagnosis(runs=(run("a", finding(Severity.NOTE)), run("b")))) == (
        "Diagnosis(DiagnosedRun('a', History(2 rows to step 20: train.loss), 1 finding), "
        "DiagnosedRun('b', History(2 rows to step 20: train.loss), 0 findings))"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "warm stays below cold from step 120 on, by 0.25 ± 0.01 about step 500; warm is better"),
        ({"difference": 0.25, "error": 0.0, "better": ""}, "stays above cold from step 120 on, by 0.25 about step 500"),
        ({"step": None, "better": ""}, "warm and cold are not told apart up to step 500"),
    ],
)
def test_a_parting_as_a_sentence(changes, said):
    assert str(parting(**changes)).endswith(said)


def test_in_a_notebook_nothing_of_a_log_is_run_as_html():
    html = Diagnosis(runs=(run("<a>", finding(Severity.NOTE)),), partings=(parting(),))._repr_html_()

    assert "&lt;a&gt;" in html
    assert "climbs &lt;b&gt;" in html
    assert "<li>valid.loss: warm stays below cold" in html
