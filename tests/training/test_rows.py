import math

from kilter.training.events import Counted, Evaluated, Finished, Measured, StepDone
from kilter.training.rows import record, retell
from kilter.values.history import History


def of(*events):
    history = History()
    for seconds, event in enumerate(events):
        history = record(event, history, float(seconds))
    return history


def test_what_is_recorded():
    history = record(StepDone(3, 1, 0.5, 2.0, 0.01), History(), 7.0)
    history = record(Evaluated(3, 1, "valid", {"loss": 0.4}), history, 8.0)
    assert history.last("clock.seconds") == 7.0
    assert history.last("valid.loss") == 0.4
    assert math.isclose(history.last("train.gradient_norm"), 2.0)
    assert record(Finished(3, "done"), history, 9.0) is history


def test_a_measurement_is_recorded_with_the_interval_from_then_on():
    history = record(StepDone(1, 0, 0.5, 2.0, 0.01, True), History(), 0.1)
    history = record(Measured(1, 0, {"gradient/w": 0.3}, 0.012), history, 0.2, share=0.02)
    assert list(history.rows(1)) == [(1, {"gradient/w": 0.3, "clock.measuring": 0.012, "layers.every": 8.0})]


def test_the_events_of_the_last_step_are_told_again_each_with_its_history():
    before = StepDone(3, 0, 0.7, 1.0, 0.1)
    step = StepDone(4, 1, 0.5, 2.0, 0.01, more_follows=True)
    measured = Measured(4, 1, {"weight/net.0.weight": 0.2, "dead/net.0": 0.0}, 0.001, more_follows=True)
    evaluated = Evaluated(4, 1, "valid", {"loss": 0.4, "macro.f1": 0.9})
    history = of(before, step, measured, evaluated)
    assert [event for event, _ in retell(history)] == [step, measured, evaluated]
    shown = [list(then.rows()) for _, then in retell(history)]
    assert shown == [list(of(before, step).rows()), list(of(before, step, measured).rows()), list(history.rows())]


def test_a_step_that_was_not_evaluated_is_told_alone():
    evaluated = Evaluated(3, 0, "valid", {"loss": 0.4})
    step = StepDone(4, 1, 0.5, 2.0, 0.01)
    assert [event for event, _ in retell(of(StepDone(3, 0, 1.0, 1.0, 0.1), evaluated, step))] == [step]
    assert [event for event, _ in retell(of(step))] == [step]


def test_what_it_cost_is_a_row_of_its_own_that_is_not_told_again():
    evaluated, counted = Evaluated(0, 0, "valid", {"loss": 0.4}), Counted(0, {"clock.waiting": 1.5})
    history = of(evaluated, counted, counted)
    assert list(history.rows(1)) == [(0, {"clock.waiting": 1.5})] * 2
    told = list(retell(history))
    assert [event for event, _ in told] == [evaluated]
    assert len(told[0][1]) == 1
    step = StepDone(4, 1, 0.5, 2.0, 0.01)
    assert [event for event, _ in retell(of(evaluated, step, Counted(4, {"clock.waiting": 2.0})))] == [step]


def test_steps_that_were_not_made_are_counted_by_kind():
    lost = StepDone(1, 0, math.nan, 1.0, 0.1)
    empty = StepDone(2, 0, math.nan, 0.0, 0.1, empty=True)
    history = of(lost, empty, StepDone(3, 0, 0.5, math.inf, 0.1))
    assert history["train.skipped"].steps.tolist() == [1, 3]
    assert history["train.skipped"].values.tolist() == [1.0, 2.0]
    assert (history["train.empty"].steps.tolist(), history["train.loss"].steps.tolist()) == ([2], [1, 3])
    ((told, _),) = retell(history.until(2))
    assert (told.step, told.empty, told.gradient_norm) == (2, True, 0.0)
    assert math.isnan(told.loss)


def test_of_nothing_nothing_is_told():
    assert not list(retell(History()))
