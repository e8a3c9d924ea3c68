"""Which learning rate is tried next: outward from the lowest loss, until it is higher on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kilter.finders.rate_curve import DIVERGED

RISE: Final = 0.2
"""How much higher than the lowest both ends must be, in logarithms: beyond what noise of small validation sets does."""


def next_place(heights: Mapping[int, float], *, rise: float = RISE) -> int | None:
    """The place to try next; None when the lowest is enclosed.

    Places are whole numbers on an axis of logarithms of rates, 0 is where it begins. What has diverged encloses from
    above, so that nobody walks on beyond it. As long as no loss is below that of the untrained model, nobody knows
    whether rates are too high or too low, and both sides are tried in turn, the lower one first.

    >>> next_place({0: -0.5}), next_place({0: -0.5, 1: -0.9}), next_place({0: -0.5, 1: 0.1}, rise=0.2)
    (1, 2, -1)
    >>> next_place({0: 0.1}), next_place({-1: 0.1, 0: 0.1})
    (-1, 1)
    >>> next_place({-1: -0.1, 0: -0.5, 1: 0.1}, rise=0.2) is None
    True

    Args:
        heights: what was tried, as `kilter.finders.rate_curve.heights` has it.
        rise: by which the ends must stand above the lowest.
    """
    if not heights:
        return 0
    low, high, least = min(heights), max(heights), min(heights.values())
    if least >= 0:
        return high + 1 if high < -low and heights[high] < DIVERGED else low - 1
    upward = heights[high] < DIVERGED and heights[high] <= least + rise
    downward = heights[low] <= least + rise
    if upward and (not downward or heights[high] <= heights[low]):
        return high + 1
    return low - 1 if downward else None
