"""How a wanted effective batch is made of batches that fit."""

from __future__ import annotations

import math


def accumulated(effective: int, *, largest: int, devices: int = 1) -> tuple[int, int]:
    """Batch size and batches a step that make an effective batch on so many devices, with the fewest batches.

    Raises:
        ValueError: something is less than 1.

    >>> accumulated(512, largest=100)
    (86, 6)
    >>> accumulated(512, largest=100, devices=4)
    (64, 2)
    """
    if min(effective, largest, devices) < 1:
        message = f"effective {effective}, largest {largest} and devices {devices} must be 1 or more"
        raise ValueError(message)
    each = math.ceil(effective / devices)
    batches = math.ceil(each / largest)
    return math.ceil(each / batches), batches
