from __future__ import annotations

from dataclasses import replace

import pytest

from kilter.report.design import could_show, design_lines, effort_said, over_seeds
from kilter.values.comparison import Comparison, Detectable, Dominance, Effort
from kilter.values.score import Score

PLAIN = Comparison(
    left="model",
    right="linear",
    split="test",
    difference=Score(name="accuracy", value=0.02, low=-0.01, high=0.05, n=540),
    p_value=0.2,
    test="exact McNemar test",
)
SHOWN = Detectable(difference=0.0391, n=540, assumed="only one of both is right on 10 % of examples, as here")


def test_nothing_is_said_of_what_is_not_known():
    assert design_lines(PLAIN) == ()


def test_what_could_have_been_shown_is_said_with_what_was_assumed():
    (line,) = design_lines(replace(PLAIN, detectable=SHOWN))
    assert line == (
        "With 540 examples a true difference of 0.039 or more in accuracy is established in 80 % of cases, if only one"
        " of both is right on 10 % of examples, as here."
    )
    none = design_lines(replace(PLAIN, detectable=replace(SHOWN, difference=None, n=5)))
    assert none == ("With 5 examples no difference could have been established, however large.",)


def test_correction_is_said_where_several_were_compared():
    many = replace(PLAIN, detectable=SHOWN, adjusted_p_value=0.4, correction="Holm", compared=3)
    assert "in 80 % of cases, after correction for 3 comparisons, if only" in design_lines(many)[0]
    assert "after correction" not in design_lines(replace(many, compared=1))[0]


def test_several_seeds_speak_of_ways_of_training():
    several = Detectable(difference=0.11, n=999, seeds=5, assumed="the unit is so large")
    assert over_seeds(several, in_points=False) == (
        "a true difference between two ways of training of 0.11 standard deviations or more is established (at a level"
        " of 5 %, in 80 % of cases, where the unit is so large)"
    )
    assert over_seeds(replace(several, difference=None), in_points=True).endswith("is established, however large")


def test_groups_efforts_and_dominance_are_said():
    order = Dominance(ratio=0.02, bound=0.31, spread=0.004, level=0.05, left_seeds=5, right_seeds=4)
    lines = design_lines(
        replace(
            PLAIN,
            clusters=1200,
            detectable=replace(SHOWN, n=1200, seeds=4),
            left_effort=Effort(trials=4, steps=9000, seconds=126),
            right_effort=Effort(trials=0),
            dominance=order,
        )
    )
    assert "for the difference the 1,200 groups" in lines[0]
    assert "intervals of single scores take examples for independent, and may be too narrow." in lines[0]
    assert lines[1].startswith("With 1,200 groups and 4 trainings a side")
    assert lines[2] == "Effort: the network with 4 settings, 9,000 steps, 2.1 min; linear with no settings to try."
    assert lines[3] == (
        "Over 5 and 4 seeds the network is almost stochastically dominant: violation 0.020, at most 0.310 ± 0.004,"
        " below one half. With few seeds that is often so of equal ways of training, too: the test decides."
    )
    (clear,) = design_lines(replace(PLAIN, dominance=replace(order, ratio=0.0, right_seeds=5)))
    assert clear.endswith("Of equal ways of training 1 in 6 looks as clear as that: the test decides.")
    (open_one,) = design_lines(replace(PLAIN, dominance=replace(order, bound=0.7)))
    assert "no dominance of the network is established" in open_one


@pytest.mark.parametrize(
    ("detectable", "in_points", "said"),
    [
        (
            SHOWN,
            True,
            "differences in accuracy of 3.9 points or more (at a level of 5 %, in 80 % of cases, if only one",
        ),
        (replace(SHOWN, difference=0.12), False, "differences of 0.12 standard deviations or more"),
        (replace(SHOWN, difference=None), True, "can show no difference, however large"),
    ],
)
def test_what_rows_can_show_is_a_phrase(detectable, in_points, said):
    assert said in could_show(detectable, in_points=in_points)


def test_an_effort_of_which_little_is_known_is_short():
    assert effort_said(Effort()) == "1 setting"
