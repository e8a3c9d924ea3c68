"""What child processes do with a training whose batch was sized."""

from __future__ import annotations

from typing import Any

from kilter.engine.attempt import begin
from kilter.finders.usage import HighWater
from kilter.values.batch_suggestion import Counted


def epoch(subject: Any, *, size: int, rows: int, seed: int, counted: str, files: int) -> int:
    """Train an epoch in its order, then evaluate on the whole validation split; the most bytes that were held."""
    high_water = HighWater(Counted(counted), files)
    attempt = begin(subject, seed=seed, batch=size)
    for _ in range(-(-rows // size)):
        attempt.step()
    attempt.evaluate()
    return high_water.most(attempt.device)
