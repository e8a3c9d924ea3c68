from __future__ import annotations

from dataclasses import replace

from kilter.report.comparison import called, comparison_section
from kilter.report.verdict import standing_of
from kilter.values.document import Figure, Grid
from kilter.values.evaluation import Measures
from kilter.values.score import Score


def section(run):
    blocks = list(comparison_section(run, standing_of(run)))
    return [block for block in blocks if isinstance(block, Figure)], [
        block for block in blocks if isinstance(block, Grid)
    ]


def test_every_model_stands_with_score_interval_difference_and_p(languages):
    (figure,), (tests, scores, splits) = section(languages)
    assert tests.columns == ("model", "accuracy", "95% interval", "network minus it", "its interval", "p")
    assert tests.rows == (
        ("network (transformer)", "0.791", "[0.774, 0.808]", "–", "–", "–"),
        ("linear", "0.768", "[0.751, 0.785]", "0.023", "[0.007, 0.039]", "0.0082"),
        ("boosted", "0.612", "[0.595, 0.629]", "0.179", "[0.158, 0.200]", "< 0.0001"),
        ("majority", "0.082", "[0.065, 0.099]", "0.709", "[0.688, 0.729]", "< 0.0001"),
    )
    assert tests.emphasised == (0,)
    assert tests.caption == (
        "Models on the test split, 2,080 examples. Differences are in accuracy; p by the exact McNemar test, Holm "
        "correction for 3."
    )
    assert [row[0] for row in scores.rows] == ["accuracy", "macro-F1", "cross-entropy ↓"]
    assert scores.caption.endswith("↓: smaller is better.")
    assert [row[:2] for row in splits.rows] == [("test", "2,080"), ("valid", "2,080")]
    assert figure.says.startswith("network (transformer) 0.791; linear 0.768;")


def test_an_undefined_score_says_why(regression):
    _, (_, scores) = section(regression)
    assert scores.rows[2] == ("R²", "0.420 [0.310, 0.530]", "0.510 [0.400, 0.620]", "undefined")
    assert "Undefined R²: all targets are equal." in scores.caption


def test_a_model_alone_needs_no_chart(intents):
    figures, (tests,) = section(intents)
    assert figures == []
    assert tests.columns == ("model", "accuracy", "95% interval")


def test_a_baseline_that_was_not_compared_has_dashes(languages):
    _, (tests, *_) = section(replace(languages, comparisons=languages.comparisons[:1]))
    assert tests.rows[1] == ("linear", "0.768", "[0.751, 0.785]", "–", "–", "–")


def test_how_models_are_called(languages):
    assert called(languages, "model") == "network (transformer)"
    assert called(replace(languages, config={}), "model") == "network"
    assert called(replace(languages, config={"model": "odd"}), "model") == "network"
    assert called(languages, "linear") == "linear"


def test_many_scores_stand_below_each_other(languages):
    def many(evaluation):
        scores = tuple(
            Score(name=f"task{at}.rmse", value=at / 10, low=None, high=None, n=5, larger_is_better=False)
            for at in range(9)
        )
        return replace(evaluation, measures=Measures(scores=scores))

    trained = languages.evaluation("test")
    run = replace(languages, evaluations=(many(replace(trained, split="valid")), many(trained)), comparisons=())
    *_, splits = section(run)[1]
    assert splits.columns == ("score", "valid (5)", "test (5)")
    assert len(splits.rows) == 9
    assert splits.rows[3] == ("task3.rmse ↓", "0.300", "0.300")
    assert "↓: smaller is better." in splits.caption
