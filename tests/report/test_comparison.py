from __future__ import annotations

from dataclasses import replace

from kilter.report.comparison import called, comparison_section
from kilter.report.verdict import standing_of
from kilter.values.comparison import Detectable, Effort
from kilter.values.document import Figure, Grid, Paragraph


def section(run):
    blocks = list(comparison_section(run, standing_of(run)))
    return [block for block in blocks if isinstance(block, Figure)], [
        block for block in blocks if isinstance(block, Grid)
    ]


def test_every_model_stands_with_score_interval_difference_and_p(languages):
    (figure,), (tests, scores) = section(languages)
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


def test_what_carries_the_comparison_with_the_best_baseline_is_said(languages):
    assert not [
        block for block in comparison_section(languages, standing_of(languages)) if isinstance(block, Paragraph)
    ]
    carried = [
        replace(
            comparison,
            detectable=Detectable(difference=0.012, n=2080),
            left_effort=Effort(trials=2, seconds=3.0),
            right_effort=Effort(trials=3) if comparison.right == "linear" else Effort(trials=0),
        )
        for comparison in languages.comparisons
    ]
    run = replace(languages, comparisons=tuple(carried), consulted={"valid": 9, "test": 1})
    (said,) = [block.text for block in comparison_section(run, standing_of(run)) if isinstance(block, Paragraph)]
    assert said == (
        "The best baseline is linear."
        " With 2,080 examples a true difference of 0.012 or more in accuracy is established in 80 % of cases,"
        " after correction for 3 comparisons. Effort:"
        " the network with 2 settings, 3.0 s; linear with 3 settings. Held-out rows were consulted so far: valid 9"
        " times, test once."
    )


def test_an_interval_that_may_not_hold_is_marked_and_told(languages):
    def strained(evaluation):
        lead = replace(evaluation.primary, caution="such intervals held less")
        scores = (lead, *(replace(score, reading="mean over labels in truth") for score in evaluation.scores[1:]))
        return replace(evaluation, measures=replace(evaluation.measures, scores=scores))

    run = replace(languages, evaluations=tuple(map(strained, languages.evaluations)))
    _, (tests, scores) = section(run)

    assert tests.rows[0][2] == "[0.774, 0.808]†"
    for grid in (tests, scores):
        assert " † accuracy: such intervals held less." in grid.caption
    assert " Mean over labels in truth: macro-F1, cross-entropy." in scores.caption
