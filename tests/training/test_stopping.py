import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.training.events import Evaluated, StepDone
from kilter.training.stopping import best_step, early_stopping, not_finite
from kilter.values.errors import RecipeError
from kilter.values.history import History
from kilter.values.recipe import Stop


def stopped_at(values, **stop):
    """After how many evaluations early stopping stops; None where it does not."""
    hook, history = early_stopping(Stop(**stop)), History()
    for number, value in enumerate(values, start=1):
        history = history.append(number, {"valid.loss": value})
        if hook(Evaluated(number, 0, "valid", {"loss": value}), history):
            return number
    return None


def naive(values, patience, minimum_difference=0.0):
    best, since = math.inf, 0
    for number, value in enumerate(values, start=1):
        if value < best - (minimum_difference if best < math.inf else 0):
            best, since = value, 0
        else:
            since += 1
        if since >= patience:
            return number
    return None


@given(st.lists(st.floats(0, 10), max_size=30), st.integers(1, 5), st.sampled_from([0.0, 0.5]))
def test_patience_against_a_naive_twin(values, patience, difference):
    assert stopped_at(values, patience=patience, minimum_difference=difference) == naive(values, patience, difference)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_the_best_step_is_the_first_of_the_smallest(values):
    history = History.of((step, {"valid.loss": value}) for step, value in enumerate(values))
    assert best_step(history, Stop()) == values.index(min(values))
    assert best_step(history, Stop(mode="max")) == values.index(max(values))


def test_thresholds():
    assert stopped_at([3.0, 2.0, 1.0], threshold=2.0) == 2
    assert stopped_at([0.5, 0.9], threshold=0.8, mode="max") == 2
    assert stopped_at([3.0, 3.0]) is None


def test_a_best_value_that_is_none_is_never_the_best():
    history = History.of((step, {"valid.loss": value}) for step, value in enumerate([math.nan, 2.0, math.nan]))
    assert best_step(history, Stop()) == 1
    assert best_step(History(), Stop()) is None


def test_a_metric_that_is_not_recorded_is_said():
    history = History().append(1, {"valid.loss": 1.0, "valid.accuracy": 0.5})
    with pytest.raises(
        RecipeError, match=r"stop.metric = 'valid.acuracy' is not recorded: did you mean 'valid.accuracy'"
    ):
        early_stopping(Stop(metric="valid.acuracy"))(Evaluated(1, 0, "valid", {}), history)


def test_numbers_that_are_none_stop_a_training():
    fine, bad = StepDone(1, 0, 1.0, 1.0, 0.1), StepDone(1, 0, math.nan, 1.0, 0.1)
    assert not_finite(fine, History()) is None
    assert not_finite(bad, History()).failed
    assert not_finite(StepDone(1, 0, 1.0, math.inf, 0.1), History()).failed
