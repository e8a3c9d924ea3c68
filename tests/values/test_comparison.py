from dataclasses import replace

import pytest

from kilter.values.comparison import Comparison, Detectable, Dominance, Effort
from kilter.values.json_form import from_json, to_json
from kilter.values.score import Score


def made(low, high, **more):
    difference = Score(name="accuracy", value=(low + high) / 2, low=low, high=high, n=200)
    given = {"left": "a", "right": "b", "split": "test", "p_value": 0.01, "test": "exact McNemar test"}
    return Comparison(difference=difference, **{**given, **more})


@pytest.mark.parametrize(("low", "high", "winner"), [(0.01, 0.03, "a"), (-0.03, -0.01, "b"), (-0.01, 0.03, None)])
def test_who_is_better_beyond_the_interval_wins(low, high, winner):
    comparison = made(low, high)

    assert comparison.winner == winner
    assert str(comparison).endswith("no difference is established" if winner is None else f"{winner} is better")


def test_what_the_corrected_test_does_not_bear_out_is_not_established():
    several = made(0.01, 0.03, p_value=0.02, adjusted_p_value=0.06, correction="Holm", compared=3)

    assert (several.p, several.winner) == (0.06, None)
    assert str(several).endswith("p = 0.06 (Holm for 3): no difference is established")
    assert replace(several, adjusted_p_value=0.05).winner == "a"
    assert made(0.01, 0.03, p_value=0.06).winner is None


def test_without_an_interval_nobody_wins():
    comparison = made(0.01, 0.03)
    bare = replace(comparison, difference=replace(comparison.difference, low=None, high=None))

    assert bare.winner is None


def test_of_several_comparisons_the_corrected_p_value_is_said():
    alone = made(0.01, 0.03, adjusted_p_value=0.01, correction="Holm")

    assert "p = 0.01:" in str(alone)
    assert "p = 0.03 (Holm for 3):" in str(replace(alone, adjusted_p_value=0.03, compared=3))


def test_it_is_escaped_in_notebooks():
    assert "&lt;b&gt;" in made(0.01, 0.03, left="<b>")._repr_html_()


def test_it_comes_back_from_json_whole():
    comparison = made(
        0.01,
        0.03,
        adjusted_p_value=0.02,
        correction="Holm",
        compared=2,
        clusters=20,
        detectable=Detectable(difference=None, n=20, seeds=3, assumed="as here"),
        left_effort=Effort(trials=4, steps=10, seconds=0.5),
        right_effort=Effort(trials=0),
        dominance=Dominance(ratio=0.1, bound=0.3, spread=0.01, level=0.05, left_seeds=3, right_seeds=4),
    )

    assert from_json(Comparison, to_json(comparison)) == comparison
