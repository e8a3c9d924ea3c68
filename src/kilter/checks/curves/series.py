"""A recorded curve in windows: its level, its noise, and whether two levels differ beyond it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.history import History


class Level(NamedTuple):
    """The middle of a window, and its standard error."""

    value: float
    error: float

    def above(self, other: Level, *, sigmas: float) -> bool:
        """Whether this level is higher by more than so many standard errors of the difference."""
        return self.value - other.value > sigmas * math.hypot(self.error, other.error)


def finite(history: History, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps and values of a curve, without what is no finite number; empty where nothing was recorded."""
    if name not in history:
        return np.empty(0, np.int64), np.empty(0)
    curve = history[name]
    fits = np.isfinite(curve.values)
    return curve.steps[fits], curve.values[fits]


def noise(values: NDArray[np.float64]) -> float:
    """The standard deviation of a curve about its own trend, from its second differences.

    A straight line has none; the second differences of independent noise have 6 times its variance. The median of
    their sizes is used, so that a few jumps do not count (1.4826 makes it that of a normal distribution).

    >>> noise(np.arange(10.0))
    0.0
    """
    if len(values) < 3:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(values, n=2))) / math.sqrt(6))


def level(values: NDArray[np.float64]) -> Level:
    """The median of a window with its standard error (1.2533 times that of a mean, for normal noise).

    >>> level(np.array([1.0, 1.0, 9.0])).value
    1.0
    """
    if not len(values):
        return Level(math.nan, math.inf)
    spread = noise(values) if len(values) > 3 else float(values.std())
    return Level(float(np.median(values)), 1.2533 * spread / math.sqrt(len(values)))


def blocks(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """A curve of at least `width` values cut into windows of that length (windows, width); the newest rest is left out.

    >>> blocks(np.arange(5.0), 2).tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """
    count = len(values) // width
    return values[: count * width].reshape(count, width)


def around(steps: NDArray[np.int64], values: NDArray[np.float64], step: int, width: int) -> NDArray[np.float64]:
    """The values recorded last before a step, that step included."""
    end = int(np.searchsorted(steps, step, side="right"))
    return values[max(0, end - width) : max(end, min(width, len(values)))]
