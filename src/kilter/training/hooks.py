"""Curve checks as hooks: they look when an evaluation was recorded, and at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.checks.curves import CURVE_CHECKS
from kilter.training.events import Event, Hook, StepDone, Stop
from kilter.training.stopping import early_stopping, not_finite
from kilter.values.finding import Finding

if TYPE_CHECKING:
    from kilter.checks.check import Check
    from kilter.values.history import History
    from kilter.values.recipe import Recipe


def watching(check: Check[History]) -> Hook:
    """A curve check as a hook: the first thing it finds at each evaluation and at the end."""

    def hook(event: Event, history: History) -> Stop | Finding | None:
        if isinstance(event, StepDone):
            return None
        return next((said for said in check.examine(history) if isinstance(said, Finding)), None)

    return hook


def default_hooks(recipe: Recipe) -> tuple[Hook, ...]:
    """What watches every training: numbers that are none, early stopping, the curve checks."""
    return (not_finite, early_stopping(recipe.stop), *(watching(check) for check in CURVE_CHECKS))
