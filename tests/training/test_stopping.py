import math

from hypothesis import given
from hypothesis import strategies as st

from kilter.training.events import Evaluated
from kilter.training.stopping import best_step, early_stopping, metric_faults, stop_faults
from kilter.values.history import History
from kilter.values.recipe import Recipe, Stop


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


def test_metrics_that_evaluations_do_not_measure_are_said_all_at_once():
    history = History().append(0, {"valid.loss": 1.0, "valid.accuracy": 0.5})
    recipe = Recipe.read({"stop": {"metric": "valid.acuracy"}, "schedule": {"name": "plateau", "metric": "valid.f1"}})
    stopping, plateau = metric_faults(recipe, history)
    assert str(stopping).startswith("stop.metric = 'valid.acuracy' is nothing that evaluations measure")
    assert "did you mean 'valid.accuracy'" in str(stopping)
    assert "schedule.metric = 'valid.f1'" in str(plateau)
    assert not list(metric_faults(Recipe.read({"stop": {"metric": "valid.accuracy"}}), history))


def test_a_metric_of_which_nobody_knows_whether_it_is_to_rise_is_said():
    history = History().append(0, {"valid.loss": 1.0, "valid.zeal": 0.5})
    recipe = Recipe.read({"stop": {"metric": "valid.zeal"}})
    (fault,) = metric_faults(recipe, history)
    assert str(fault).startswith("stop.mode = 'auto', and 'valid.zeal' does not say whether larger is better")
    assert not list(metric_faults(recipe.replace("stop.mode", "max"), history))


def test_what_of_stopping_cannot_take_effect():
    def said(*, evaluated=True, **stop):
        return [fault.met for fault in stop_faults(Stop(**stop), evaluated=evaluated)]

    assert said() == said(evaluated=False) == said(threshold=0.1, divergence=5.0) == []
    assert said(metric="valid.macro_f1", threshold=0.9, divergence=0.1) == []
    assert "no worse than stop.threshold" in said(threshold=5.0, divergence=0.1)[0]
    assert said(evaluated=False, divergence=5.0) == ["stop.divergence = 5.0 without a validation split"]


def test_a_metric_that_gets_too_bad_fails_the_training():
    hook, history = early_stopping(Stop(divergence=5.0)), History()
    for step, value in enumerate([9.0, 4.9, 5.0]):  # before the first step it may be as bad as it likes
        history = history.append(step, {"valid.loss": value})
        stop = hook(Evaluated(step, 0, "valid", {"loss": value}), history)
        assert (stop is not None) == (step == 2)
    assert stop.failed
    assert stop.reason == "valid.loss is 5 (stop.divergence 5)"
    lost = history.append(3, {"valid.loss": math.nan})
    assert hook(Evaluated(3, 0, "valid", {}), lost).failed


def test_the_model_as_it_was_made_may_be_the_best_and_stops_nothing():
    history = History().append(0, {"valid.loss": 0.5})
    hook = early_stopping(Stop(threshold=0.6, patience=1))
    assert hook(Evaluated(0, 0, "valid", {}), history) is None
    worse = history.append(4, {"valid.loss": 0.7})
    assert best_step(worse, Stop()) == 0
    assert "the best was at step 0" in hook(Evaluated(4, 0, "valid", {}), worse).reason
