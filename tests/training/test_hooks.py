from dataclasses import dataclass

import pytest

from kilter.checks.check import Check
from kilter.checks.curves import CURVE_CHECKS
from kilter.training import hooks
from kilter.training.events import Evaluated, Finished, Measured, StepDone, Stop
from kilter.training.hooks import default_hooks, falls_due, watching
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History
from kilter.values.recipe import Recipe


@dataclass(frozen=True)
class Longish(Check[History]):
    code = "C999"
    name = "longish"

    def examine(self, subject):
        yield Skipped(name=self.name, reason="for the sake of it")
        for row in range(len(subject)):
            yield Finding(code=self.code, name=self.name, severity=Severity.NOTE, seen=f"row {row}", advice="none")


STEP = StepDone(1, 0, 1.0, 1.0, 0.1)
LATER = (Evaluated(1, 0, "valid", {"loss": 1.0}), Finished(1, "done"))


@pytest.mark.parametrize("event", LATER)
def test_a_check_looks_at_evaluations_and_at_the_end_and_says_the_first_thing(event):
    history = History().append(1, {"valid.loss": 1.0}).append(2, {"valid.loss": 1.0})
    assert watching(Longish())(event, history).seen == "row 0"
    assert watching(Longish())(event, History()) is None


def test_a_check_does_not_look_at_each_step():
    class Untouchable(Longish):
        def examine(self, subject):
            raise AssertionError

    for event in (STEP, Measured(1, 0, {}, 0.1)):
        assert watching(Untouchable())(event, History()) is None


def test_what_judges_the_end_is_asked_there_alone():
    evaluated, finished = LATER
    history = History().append(1, {"valid.loss": 1.0})
    assert watching(Longish(), at_the_end=True)(evaluated, history) is None
    assert watching(Longish(), at_the_end=True)(finished, history).seen == "row 0"


def test_the_model_as_it_was_made_has_no_curves_to_look_at():
    assert (
        watching(Longish())(Evaluated(0, 0, "valid", {"loss": 1.0}), History().append(0, {"valid.loss": 1.0})) is None
    )


def test_looks_become_rarer_as_evaluations_become_many():
    history, looked = History(), []
    for count in range(1, 130):
        history = history.append(count, {"valid.loss": 1.0})
        if falls_due(history, Evaluated(count, 0, "valid", {"loss": 1.0}), by_clock=False):
            looked.append(count)
    assert looked == [*range(1, 17), *range(18, 33, 2), *range(36, 65, 4), *range(72, 129, 8)]
    assert watching(Longish(), hopeless=True)(Evaluated(129, 0, "valid", {"loss": 1.0}), history) is None


def test_looks_take_little_beside_a_short_training():
    history, looked = History(), []
    for step in range(1, 201):
        history = history.append(step, {"clock.seconds": step / 10})
        if step % 2 == 0:
            history = history.append(step, {"valid.loss": 1.0})
            if falls_due(history, Evaluated(step, 0, "valid", {"loss": 1.0})):
                looked.append(step / 10)
    assert looked == [1.0, 1.6, 2.4, 3.4, 5.2, 7.6, 11.4, 17.2]
    assert watching(Longish())(Evaluated(200, 0, "valid", {"loss": 1.0}), history) is None


@dataclass(frozen=True)
class Grave(Check[History]):
    code = "C998"
    name = "grave"
    severity: Severity = Severity.FAILURE

    def examine(self, subject):
        yield Finding(code=self.code, name=self.name, severity=self.severity, seen="It is grave.", advice="none")


def test_a_failure_stops_a_run_at_an_evaluation_if_that_is_wanted():
    evaluated, finished = LATER
    assert watching(Grave(), hopeless=True)(evaluated, History()) == Stop(
        "stop.hopeless: C998 grave: It is grave.", failed=True
    )
    assert watching(Grave(), hopeless=True)(finished, History()).code == "C998"
    assert watching(Grave())(evaluated, History()).code == "C998"
    assert watching(Grave(severity=Severity.WARNING), hopeless=True)(evaluated, History()).code == "C998"


def test_the_default_hooks_are_numbers_early_stopping_and_every_curve_check():
    found = default_hooks(Recipe())
    assert found[0](StepDone(1, 0, float("nan"), 1.0, 0.1), History()).failed
    assert len(found) == 2 + len(CURVE_CHECKS)
    assert CURVE_CHECKS


def test_layers_stop_nothing_since_the_clock_says_when_they_are_measured(monkeypatch):
    monkeypatch.setattr(hooks, "CURVE_CHECKS", (Grave(), Grave(severity=Severity.WARNING)))
    monkeypatch.setattr(hooks, "LAYER_CHECKS", (Grave(),))
    recipe = Recipe.read({"stop": {"hopeless": True}})
    assert not any(isinstance(hook(LATER[0], History()), Stop) for hook in default_hooks(recipe)[2:])
    monkeypatch.setattr(hooks, "LAYER_CHECKS", ())
    assert isinstance(default_hooks(recipe)[2](LATER[0], History()), Stop)
