"""Curve checks as hooks: they look when an evaluation was recorded, and at the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.moments import AT_THE_END, LAYER_CHECKS
from kilter.training.events import Evaluated, Event, Finished, Hook, Stop
from kilter.training.stopping import early_stopping
from kilter.training.unmade import not_finite
from kilter.values.curve_names import SECONDS
from kilter.values.finding import Finding, Severity

if TYPE_CHECKING:
    from kilter.checks.check import Check
    from kilter.values.history import History
    from kilter.values.recipe import Recipe

LOOKS: Final = 16
"""Evaluations at which checks look before the number of evaluations between two looks doubles."""


def watching(check: Check[History], *, at_the_end: bool = False, hopeless: bool = False) -> Hook:
    """A curve check as a hook: the first thing it finds at evaluations and at the end.

    Args:
        check: that looks at curves.
        at_the_end: whether it is asked at the end only, since it judges how a training ended.
        hopeless: whether a failure that is found at an evaluation stops the training; at its end it is found again.
            When it is asked hangs on no clock then, since a resumed training must stop where the undisturbed one does.
    """

    def hook(event: Event, history: History) -> Stop | Finding | None:
        if not isinstance(event, Finished):
            if at_the_end or not isinstance(event, Evaluated) or event.step == 0:
                return None
            if not falls_due(history, event, by_clock=not hopeless):
                return None
        found = next((said for said in check.examine(history) if isinstance(said, Finding)), None)
        if found is None or not (hopeless and isinstance(event, Evaluated) and found.severity >= Severity.FAILURE):
            return found
        return Stop(f"stop.hopeless: {found.code} {found.name}: {found.seen}", failed=True)

    return hook


def default_hooks(recipe: Recipe) -> tuple[Hook, ...]:
    """What watches every training: numbers that are none, early stopping, the curve checks."""
    checks = (
        watching(
            check,
            at_the_end=check in AT_THE_END,
            # When layers are measured hangs on the clock; a resumed training must stop where the undisturbed one does.
            hopeless=recipe.stop.hopeless and check not in LAYER_CHECKS,
        )
        for check in CURVE_CHECKS
    )
    return (not_finite(recipe.train), early_stopping(recipe.stop), *checks)


def falls_due(history: History, evaluated: Evaluated, *, by_clock: bool = True) -> bool:
    """Whether checks look at an evaluation: they read whole curves, and must not take long beside a small training.

    Args:
        history: the evaluation among it.
        evaluated: the evaluation.
        by_clock: whether they look when the training has become half as long again, after a second for the first time;
            else at the first 16 evaluations, then at every second up to 32, every fourth up to 64.
    """
    names = [name for name in (f"{evaluated.split}.{each}" for each in evaluated.scores) if name in history]
    if not names or (by_clock and SECONDS not in history):
        return True
    curve = history[names[0]]
    if not by_clock:
        return len(curve) % (1 << max(0, (len(curve) - 1).bit_length() - LOOKS.bit_length() + 1)) == 0
    clock = history[SECONDS]
    earlier = np.searchsorted(clock.steps, curve.steps[-2:-1], side="right")
    before = float(clock.values[earlier[0] - 1]) if len(earlier) and earlier[0] else 0.0
    return _looks(float(clock.values[-1])) > _looks(before)


def _looks(seconds: float) -> int:
    return 1 + int(math.log(seconds, 1.5)) if seconds >= 1 else 0
