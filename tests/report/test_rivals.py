from __future__ import annotations

from dataclasses import replace

from kilter.report.rivals import scores_of
from kilter.values.document import Grid, Paragraph
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.score import Score


def run(name, accuracy, caution=None):
    scores = (
        Score(name="accuracy", value=accuracy, low=accuracy - 0.1, high=accuracy + 0.1, n=1200, caution=caution),
        Score(name="log_loss", value=0.5, low=0.4, high=0.6, n=1200, larger_is_better=False),
    )
    return Evaluation(model=name, split="test", measures=Measures(scores=scores))


def test_runs_are_numbered_and_scores_stand_by_their_numbers():
    which, scores = scores_of([run("first", 0.8), run("second", 0.7, caution="the interval is too narrow")])
    assert isinstance(which, Grid)
    assert which.columns == ("", "run", "accuracy", "95% interval", "examples")
    assert which.rows == (
        ("1", "first", "0.800", "[0.700, 0.900]", "1,200"),
        ("2", "second", "0.700", "[0.600, 0.800]†", "1,200"),
    )
    assert which.caption == "The score that decides. † accuracy: the interval is too narrow."
    assert isinstance(scores, Grid)
    assert scores.columns == ("score", "1", "2")
    assert scores.rows[1] == ("log_loss ↓", "0.500 [0.400, 0.600]", "0.500 [0.400, 0.600]")
    assert "↓: smaller is better." in scores.caption


def test_a_score_that_one_run_lacks_is_a_dash():
    bare = run("bare", 0.8)
    bare = replace(bare, measures=Measures(scores=bare.scores[:1]))
    _, scores = scores_of([run("whole", 0.8), bare])
    assert scores.rows[1][2] == "–"
    (alone,) = scores_of([bare])
    assert alone.rows[0][1] == "bare"


def test_of_many_runs_only_the_score_that_decides_is_shown():
    which, said = scores_of([run(f"run {k}", 0.8) for k in range(5)])
    assert len(which.rows) == 5
    assert said == Paragraph(text="All scores stand in the answer to --json.")
    assert list(scores_of([])) == []
