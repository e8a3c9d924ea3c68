from dataclasses import replace

import numpy as np
import pytest

from kilter.values.score import Score

ACCURACY = Score(name="accuracy", value=0.91, low=0.88, high=0.93, n=500)


def test_a_score_says_its_value_with_its_interval_or_why_it_has_none():
    assert str(ACCURACY) == "accuracy 0.91 [0.88, 0.93], n = 500"
    assert str(replace(ACCURACY, low=None, high=None)) == "accuracy 0.91, n = 500"
    nothing = Score(name="mcc", value=None, low=None, high=None, n=5, undefined="all predictions are of one class")
    assert str(nothing) == "mcc undefined (all predictions are of one class), n = 5"


def test_the_better_value_beats_the_other_in_the_direction_of_the_score():
    more = replace(ACCURACY, value=0.92)
    assert more.beats(ACCURACY)
    assert not ACCURACY.beats(more)
    loss, less = (replace(ACCURACY, value=value, larger_is_better=False) for value in (0.5, 0.4))
    assert less.beats(loss)
    assert not loss.beats(less)


def test_what_has_a_value_beats_what_has_none():
    nothing = replace(ACCURACY, value=None, low=None, high=None)
    assert ACCURACY.beats(nothing)
    assert not nothing.beats(ACCURACY)
    assert not nothing.beats(nothing)


def test_the_interval_of_a_difference_squares_and_adds_the_sides_that_make_it_longer():
    train = replace(ACCURACY, value=0.95, low=0.93, high=0.96, n=2000)
    made = train.minus(ACCURACY)
    assert made.value == pytest.approx(0.04)
    assert made.low == pytest.approx(0.04 - (0.02**2 + 0.02**2) ** 0.5)
    assert made.high == pytest.approx(0.04 + (0.01**2 + 0.03**2) ** 0.5)
    assert (made.name, made.n, made.method) == ("accuracy", 500, "squared and added")
    back = ACCURACY.minus(train)
    assert (back.value, back.low, back.high) == pytest.approx((-made.value, -made.high, -made.low))


def test_of_symmetric_normal_intervals_it_is_the_textbooks_and_holds_as_often_as_it_says():
    random, held, trials = np.random.default_rng(0), 0, 4000
    means = random.normal([0.3, 0.1], [0.03, 0.05], size=(trials, 2))
    for first, second in means:
        left, right = (
            replace(ACCURACY, value=value, low=value - 1.96 * error, high=value + 1.96 * error)
            for value, error in ((first, 0.03), (second, 0.05))
        )
        made = left.minus(right)
        assert made.high - made.value == pytest.approx(1.96 * (0.03**2 + 0.05**2) ** 0.5)
        held += made.low <= 0.2 <= made.high
    assert held / trials == pytest.approx(0.95, abs=0.012)


def test_a_difference_to_what_has_no_value_or_no_interval_has_none_either():
    nothing = replace(ACCURACY, value=None, low=None, high=None, undefined="one class")
    for made in (nothing.minus(ACCURACY), ACCURACY.minus(nothing)):
        assert (made.value, made.low, made.undefined) == (None, None, "one class")
    bare = ACCURACY.minus(replace(ACCURACY, value=0.5, low=None, high=None))
    assert (bare.value, bare.low, bare.high, bare.method) == (pytest.approx(0.41), None, None, "none")


def test_a_difference_is_as_doubtful_as_its_parts():
    doubtful = replace(ACCURACY, caution="held less")
    assert doubtful.minus(ACCURACY).caution == ACCURACY.minus(doubtful).caution == "held less"
    assert doubtful.minus(doubtful).caution == "held less"
    assert ACCURACY.minus(ACCURACY).caution is None


def test_where_a_value_is_meant_the_nearer_one_beats_the_other_and_a_difference_means_nothing():
    meant = replace(ACCURACY, name="within_90", meant=0.9)
    assert meant.beats(replace(meant, value=0.99))
    assert not replace(meant, value=0.8).beats(meant)
    assert meant.minus(replace(meant, value=0.99)).meant is None
