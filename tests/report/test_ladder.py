from __future__ import annotations

from dataclasses import replace

from kilter.report.ladder import ladder_lines, ladder_section


def lower(run, low, high):
    """The run, the gain of its network over the linear model changed."""
    first, last = run.ladder
    difference = replace(last.difference, value=(low + high) / 2, low=low, high=high)
    p = 0.01 if low > 0 or high < 0 else 0.4
    return replace(run, ladder=(first, replace(last, difference=difference, p_value=p, adjusted_p_value=p)))


def test_each_rung_stands_with_its_score_its_gain_and_what_it_took(languages):
    heading, grid, said = ladder_section(languages, "test")
    assert heading.text == "Ladder"
    assert grid.columns == (
        "model",
        "accuracy",
        "95% interval",
        "gain over the one above",
        "its interval",
        "p",
        "took",
    )
    assert grid.rows == (
        ("majority", "0.082", "[0.065, 0.099]", "–", "–", "–", "–"),
        ("linear", "0.768", "[0.751, 0.785]", "0.686", "[0.664, 0.707]", "< 0.0001", "2.4 s"),
        ("network", "0.791", "[0.774, 0.808]", "0.023", "[0.007, 0.039]", "0.0082", "1.0 min"),
    )
    assert grid.emphasised == (2,)
    assert grid.caption == (
        "From the simplest model to the network, on the test split. Gains are in accuracy, over the model in the line"
        " above, on the same examples; p by the exact McNemar test, Holm correction for 2."
    )
    assert said.text == "Each step up is a gain beyond its interval."


def test_a_step_that_does_not_pay_is_named(languages):
    assert ladder_lines(lower(languages, -0.01, 0.05), "test") == (
        "The network establishes no gain over linear: 0.020 [-0.010, 0.050].",
    )
    assert ladder_lines(lower(languages, -0.05, -0.01), "test") == (
        "The network is worse than linear: -0.030 [-0.050, -0.010].",
    )
    turned = tuple(replace(rung, left={"model": "small-mlp"}.get(rung.left, rung.left)) for rung in languages.ladder)
    assert ladder_lines(lower(replace(languages, ladder=turned), -0.01, 0.05), "test") == (
        "small-mlp establishes no gain over linear: 0.020 [-0.010, 0.050].",
    )


def test_without_two_steps_there_is_no_ladder(languages):
    assert list(ladder_section(replace(languages, ladder=languages.ladder[1:]), "test")) == []
    assert list(ladder_section(languages, "valid")) == []
    assert ladder_lines(languages, "valid") == ()


def test_a_ladder_with_a_rung_that_was_not_evaluated_is_not_shown(languages):
    evaluations = tuple(evaluation for evaluation in languages.evaluations if evaluation.model != "linear")
    assert list(ladder_section(replace(languages, evaluations=evaluations), "test")) == []
