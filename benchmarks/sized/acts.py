"""What child processes do with a training whose batch was sized."""

from __future__ import annotations

from typing import Any

from kilter.engine.attempt import begin
from kilter.finders.usage import HighWater
from kilter.values.batch_suggestion import Counted

NEXT = 3
"""Steps of the next epoch."""


def epoch(subject: Any, *, size: int, rows: int, seed: int, counted: str, files: int) -> int:
    """Train an epoch in its order, evaluate on the whole validation split, begin the next; the most bytes held.

    It is in the second epoch that the optimizer's state is there whatever an epoch's length.
    """
    high_water = HighWater(Counted(counted), files)
    attempt = begin(subject, seed=seed, batch=size)
    for _ in range(-(-rows // size)):
        attempt.step()
    attempt.evaluate()
    for _ in range(min(NEXT, -(-rows // size))):
        attempt.step()
    return high_water.most(attempt.device)
