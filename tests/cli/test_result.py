import json

import click
import pytest

from kilter.cli.options import Options
from kilter.cli.result import confusion_form, examination_result, examination_text, finish, result
from kilter.values.evaluation import Confusion, Evaluation, Measures, Mistake
from kilter.values.finding import Examination, Finding, Severity, Skipped
from kilter.values.score import Score

FINDING = Finding(
    code="D102",
    name="overlap",
    severity=Severity.WARNING,
    seen="12 of 400.",
    advice="Split by document.",
    causes=("train_val_leak",),
    where=("a.csv:3",),
    evidence={"share": 0.03, "none": float("nan")},
)
PLAIN = Options(json=False, quiet=False, overrides=())
AS_JSON = Options(json=True, quiet=False, overrides=())


def test_a_score_says_which_value_is_meant_where_neither_more_nor_less_is_better():
    score = Score(name="within_90", value=0.85, low=0.83, high=0.87, n=1000, meant=0.9)
    assert result("run", scores=(score,))["scores"]["within_90"]["meant"] == 0.9


def test_the_document_has_the_shape_that_is_promised():
    score = Score(name="accuracy", value=0.9, low=0.8, high=0.95, n=100)
    document = result("run", scores=(score,), findings=(FINDING,), more=1)

    assert list(document)[:6] == ["schema", "command", "status", "run", "scores", "findings"]
    assert document["scores"] == {
        "accuracy": {
            "value": 0.9,
            "low": 0.8,
            "high": 0.95,
            "n": 100,
            "method": "none",
            "reading": "",
            "caution": None,
        }
    }
    assert document["findings"] == [
        {
            "code": "D102",
            "name": "overlap",
            "severity": "warning",
            "seen": "12 of 400.",
            "causes": ["train_val_leak"],
            "advice": "Split by document.",
            "experiment": "",
            "where": ["a.csv:3"],
            "evidence": {"share": 0.03, "none": "nan"},
        }
    ]


def test_with_json_stdout_is_the_document_alone(capsys):
    finish(AS_JSON, result("run"), "words")

    assert json.loads(capsys.readouterr().out)["command"] == "run"


def test_without_it_stdout_is_the_text(capsys):
    finish(PLAIN, result("run"), "words\n\n")

    assert capsys.readouterr().out == "words\n"


@pytest.mark.parametrize(("status", "code"), [("gated", 1), ("failed", 4), ("interrupted", 130)])
def test_the_status_decides_the_exit_code(status, code):
    with pytest.raises(click.exceptions.Exit) as left:
        finish(PLAIN, result("run", status=status), "")

    assert left.value.exit_code == code


def test_a_command_may_say_that_all_is_well_though_the_run_was_not():
    finish(PLAIN, result("report", status="failed"), "", code=0)


@pytest.mark.parametrize(("fail_on", "status"), [("failure", "done"), ("warning", "gated"), ("off", "done")])
def test_findings_fail_from_the_gate_on(fail_on, status):
    skipped = (Skipped(name="x", reason="y"),)
    examination = Examination(findings=(FINDING,), skipped=skipped, seconds={"overlap": 0.12345})
    document = examination_result("audit", examination, fail_on)

    assert document["status"] == status
    assert document["skipped"] == [{"name": "x", "reason": "y"}]
    assert document["seconds"] == {"overlap": 0.123}


def test_an_examination_as_text():
    text = examination_text("audit of x", Examination(findings=(FINDING,), skipped=(Skipped(name="x", reason="y"),)))

    assert "D102 overlap" in text
    assert "Skipped x: y." in text
    assert "2 checks found nothing" in examination_text("x", Examination(findings=(), seconds={"a": 1.0, "b": 1.0}))


def test_findings_are_told_with_their_evidence_and_their_cost():
    finding = Finding(
        code="L101",
        name="gradients-left",
        severity=Severity.FAILURE,
        seen="Gradients of the last step are still there.",
        advice="Clear them.",
        causes=("missing_zero_grad",),
        evidence={"times": 3.5},
    )
    skipped = Skipped(name="padding-seen", reason="nothing is padded")
    said = Examination(findings=(finding,), skipped=(skipped,), seconds={"gradients-left": 0.25, "padding-seen": 0.5})
    text = examination_text("check of train.py", said, told=True)

    assert "evidence: times 3.5" in text
    assert "likely causes: missing_zero_grad" in text
    assert "padding-seen  nothing is padded" in text
    assert "2 checks took 0.8 s; most: padding-seen 0.50 s, gradients-left 0.25 s." in text


def test_confusions_lead_to_their_examples_the_most_frequent_first():
    table = Confusion(labels=("a", "b"), counts=((5, 2), (3, 7)))
    score = Score(name="accuracy", value=0.7, low=None, high=None, n=17)
    wrong = Mistake(id="names.csv:3", inputs="Ulm", target="a", decided="b", cost=float("nan"))
    measures = Measures(scores=(score,), confusion=table)
    found = confusion_form(Evaluation(model="model", split="test", measures=measures, mistakes=(wrong,)))

    assert [(pair["truth"], pair["decided"], pair["count"], pair["of"]) for pair in found] == [
        ("b", "a", 3, 10),
        ("a", "b", 2, 7),
    ]
    assert found[1]["examples"] == [{"id": "names.csv:3", "inputs": "Ulm", "cost": "nan"}]
    assert found[0]["examples"] == []
