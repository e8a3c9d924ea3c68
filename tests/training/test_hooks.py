from dataclasses import dataclass

import pytest

from kilter.checks.check import Check
from kilter.checks.curves import CURVE_CHECKS
from kilter.training.events import Evaluated, Finished, StepDone
from kilter.training.hooks import default_hooks, watching
from kilter.training.stopping import not_finite
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

    assert watching(Untouchable())(STEP, History()) is None


def test_the_default_hooks_are_numbers_early_stopping_and_every_curve_check():
    hooks = default_hooks(Recipe())
    assert hooks[0] is not_finite
    assert len(hooks) == 2 + len(CURVE_CHECKS)
    assert CURVE_CHECKS
