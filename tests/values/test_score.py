from dataclasses import replace

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
