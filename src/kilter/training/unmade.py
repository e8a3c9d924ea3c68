"""Steps that were not made, since their loss or gradient was no number: when they end a training, and what they cost.

Pure functions of what was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kilter.training.events import Event, Hook, StepDone
from kilter.training.events import Stop as StopNow
from kilter.values.curve_names import SKIPPED
from kilter.values.errors import Fault
from kilter.values.recipe import Train

if TYPE_CHECKING:
    from kilter.values.history import History

BACK_OFF: Final = 0.5
"""What the rate is multiplied with for each such step, where the recipe backs off."""


def not_finite(train: Train) -> Hook:
    """Stop when a loss or a gradient is not finite, or, by another policy, `skips` of them in a row.

    Such a step changed nothing: the weights before it were kept.
    """

    def hook(event: Event, history: History) -> StopNow | None:
        if not isinstance(event, StepDone) or event.finite or event.empty:
            return None
        said = f"the loss is {event.loss:g} and its gradient's norm {event.gradient_norm:g} at step {event.step}"
        if train.not_finite == "stop":
            return StopNow(said, failed=True)
        return StopNow(f"{said}, the last of {train.skips} in a row", failed=True) if _row(history, train) else None

    return hook


def _row(history: History, train: Train) -> bool:
    if SKIPPED not in history:
        return False
    steps = history[SKIPPED].steps[-train.skips :]
    return len(steps) == train.skips and int(steps[-1] - steps[0]) == train.skips - 1


def back_off_scale(history: History, train: Train) -> float:
    """What the rate is multiplied with: one half for each step so far that was not finite; 1 by another policy.

    >>> from kilter.values.history import History
    >>> history = History().append(7, {SKIPPED: 1.0}).append(9, {SKIPPED: 2.0})
    >>> back_off_scale(history, Train(not_finite="back_off")), back_off_scale(history, Train(not_finite="skip"))
    (0.25, 1.0)
    """
    skipped = history.last(SKIPPED) if train.not_finite == "back_off" else None
    return float(BACK_OFF ** (skipped or 0.0))


def policy_faults(train: Train) -> Iterator[Fault]:
    """What of the policy cannot take effect."""
    if train.not_finite == "stop" and train.skips != Train().skips:
        yield Fault(
            met=f"train.skips = {train.skips} with train.not_finite = 'stop'",
            legal="with 'skip' or 'back_off' so many steps in a row end the run; with 'stop' the first one does",
            remedy="set train.not_finite, or leave train.skips out",
        )
