from pathlib import Path

from kilter.values.evaluation import Evaluation, Measures
from kilter.values.finding import Finding, Severity
from kilter.values.run import Run, Stage
from kilter.values.score import Score


def run(**more):
    finding = Finding(code="D1", name="<x>", severity=Severity.NOTE, seen="s", advice="a")
    stages = (
        Stage(name="audit", status="done", seconds=1.0, summary="", findings=(finding,)),
        Stage(name="train", status="done", seconds=1.0, summary=""),
    )
    score = Score(name="accuracy", value=0.5, low=0.4, high=0.6, n=9)
    evaluations = tuple(
        Evaluation(model=model, split=split, measures=Measures(scores=(score,)))
        for model in ("linear", "model")
        for split in ("valid", "test")
    )
    return Run(path=Path("runs/one"), status="done", stages=stages, evaluations=evaluations, **more)


def test_findings_are_those_of_all_stages():
    assert [finding.code for finding in run().findings] == ["D1"]


def test_an_evaluation_is_found_by_split_and_model():
    assert run().evaluation("test").model == "model"
    assert run().evaluation("valid", "linear").model == "linear"
    assert run().evaluation("train") is None


def test_it_says_where_it_is_and_how_good():
    assert repr(run()) == "Run('runs/one', done; accuracy 0.5 [0.4, 0.6], n = 9; 1 findings)"
    assert run().name == "one"


def test_pages_never_run_what_was_found():
    assert "<x>" not in run()._repr_html_()
