"""The time a training has taken, over all its sittings."""

from __future__ import annotations

import time
from typing import final

from kilter.training.events import Stop
from kilter.values.duration import Duration


@final
class Clock:
    """Counts on from the seconds that earlier sittings took."""

    def __init__(self, already: float) -> None:
        self._zero = time.perf_counter() - already

    def seconds(self) -> float:
        """Seconds of training so far."""
        return time.perf_counter() - self._zero

    def stop(self, length: Duration) -> Stop | None:
        """The end of a run whose length is measured by the clock."""
        if length.is_clock and self.seconds() >= length.seconds:
            return Stop(f"train.length = {length} has passed")
        return None
