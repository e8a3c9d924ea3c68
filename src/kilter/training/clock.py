"""The time a training has taken, over all its sittings, and what hangs on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, final

from kilter.training.events import Stop
from kilter.values.curve_names import SECONDS

if TYPE_CHECKING:
    from kilter.values.duration import Duration
    from kilter.values.history import History


@final
class Clock:
    """Counts on from the seconds that earlier sittings took."""

    def __init__(self, already: float) -> None:
        self._zero = time.perf_counter() - already

    def seconds(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._zero


def passed(history: History, every: Duration) -> bool:
    """Whether an interval by the clock ran out between the last two steps that were recorded; of no other interval.

    A function of the recorded clock, so that a training that was resumed in between does what the other would.

    >>> from kilter.values.duration import Duration
    >>> from kilter.values.history import History
    >>> history = History().extend([1, 2, 3], {SECONDS: [50.0, 61.0, 62.0]})
    >>> passed(history, Duration(1, "min")), passed(history.until(2), Duration(1, "min"))
    (False, True)
    """
    if not every.is_clock or SECONDS not in history:
        return False
    before, last = ([0.0, *history[SECONDS].values[-2:].tolist()])[-2:]
    return bool(last // every.seconds > before // every.seconds)


def last_step(history: History, length: Duration) -> bool:
    """Whether a run whose length is measured by the clock has one more step: the clock ran out in the last one."""
    return length.is_clock and (history.last(SECONDS) or 0.0) >= length.seconds


def over(history: History, length: Duration) -> Stop | None:
    """The end of a run whose length is measured by the clock: the step after the one in which it ran out, evaluated."""
    if not length.is_clock or SECONDS not in history or len(history[SECONDS]) < 2:
        return None
    if history[SECONDS].values[-2] < length.seconds:
        return None
    return Stop(f"train.length = {length} has passed")
