"""Pacing: how often instruments look, so that they keep within a share of the time that steps take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.values.curve_names import EVERY, MEASURING, SECONDS

if TYPE_CHECKING:
    from kilter.values.history import History

SHARE: Final = 0.02
"""Of the time of all steps, that measuring may take."""

LEAST: Final = 1e-5
"""Seconds a step that it may take where the share of a short step is less."""

POINTS: Final = 256
"""Measurements up to any step, about, before the interval doubles: what is recorded must not grow with a long run."""

AT_ONCE: Final = 8
"""Times that the interval grows at most: the first steps of a process are slow, and so is the first measurement."""

KEPT: Final = 0.5
"""Of what is allowed, left for the first measurements, which come close together, and for writing numbers down."""

_COSTS: Final = 5
_STEPS: Final = 33


def interval(history: History, *, step: int, cost: float, share: float = SHARE) -> int:
    """Steps between two measurements from a measured step on: a power of 2 that never shrinks.

    A pure function of what was recorded: `clock.seconds` of the last steps, `clock.measuring` of the last
    measurements and `layers.every`. Medians are taken, so that a machine that was busy for a moment widens nothing.

    >>> from kilter.values.history import History
    >>> history = History.of((step, {"clock.seconds": 0.1 * step}) for step in range(1, 10))
    >>> interval(history, step=9, cost=0.0009), interval(history, step=9, cost=0.003), interval(history, step=9, cost=9)
    (1, 4, 8)

    Args:
        history: up to the measured step.
        step: that was measured.
        cost: of its measurement, in seconds.
        share: of the steps' time that measuring may take.
    """
    before = every(history)
    costs = [*(history[MEASURING].values[-_COSTS + 1 :].tolist() if MEASURING in history else ()), cost]
    clock = history[SECONDS].values[-_STEPS:] if SECONDS in history else np.empty(0)
    spent = float(np.median(np.diff(clock) if len(clock) > 1 else clock)) if len(clock) else 0.0  # first: since 0
    allowed = (1 - KEPT) * max(share * spent, LEAST)
    wanted = max(float(np.median(costs)) / allowed, step / POINTS, 1.0)
    return min(max(before, 1 << math.ceil(math.log2(wanted))), AT_ONCE * before)


def every(history: History) -> int:
    """The interval that was recorded last; 1 before the first measurement, which is that of the first step."""
    return int(history.last(EVERY) or 1)
