"""A recorded curve in windows: its level, its noise, and whether two levels differ beyond it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.values.curve_names import EPOCH, OTHER_LOSS, TRAIN_LOSS, VALID_LOSS, split_of
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Level(NamedTuple):
    """The middle of a window, and its standard error."""

    value: float
    error: float

    def above(self, other: Level, *, sigmas: float) -> bool:
        """Whether this level is higher by more than so many standard errors of the difference."""
        return self.value - other.value > sigmas * math.hypot(self.error, other.error)


def finite(history: History, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Steps and values of a curve, without what is no finite number or nearly so; empty where nothing was recorded.

    Of an evaluation before the first step nothing can be learnt about the training, whose curve begins after it: it is
    left out.
    """
    if name not in history:
        return np.empty(0, np.int64), np.empty(0)
    curve = history[name]
    fits = np.abs(curve.values) < _ENDLESS  # false for what is no number, too
    if curve.steps[0] == 0 and split_of(name) == "valid" and TRAIN_LOSS in history:
        fits &= curve.steps > min(0, int(history[TRAIN_LOSS].steps[0]) - 1)
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


class Windows(NamedTuple):
    """A curve cut into windows of equal length.

    Attributes:
        width: values in a window.
        middles: the median of each.
        errors: the standard error of each, from the noise inside of it.
    """

    width: int
    middles: NDArray[np.float64]
    errors: NDArray[np.float64]

    def at(self, window: int) -> Level:
        """One of them."""
        return Level(float(self.middles[window]), float(self.errors[window]))


def windows(values: NDArray[np.float64], width: int) -> Windows:
    """A curve in windows of at least 5 values; the newest rest is left out.

    >>> windows(np.arange(12.0), 6).middles.tolist()
    [2.5, 8.5]
    """
    parts = blocks(values, max(5, width))
    spread = 1.4826 * np.median(np.abs(np.diff(parts, n=2, axis=1)), axis=1) / math.sqrt(6)
    return Windows(parts.shape[1], np.median(parts, axis=1), 1.2533 * spread / math.sqrt(parts.shape[1]))


def ends(values: NDArray[np.float64], share: float = 0.1, most: int = 50) -> tuple[Level, Level]:
    """The levels of the first and the last part of a curve; of three values at least, so that one jump is none.

    Where a part has too few values to tell their noise, the noise of the whole curve stands for it.

    >>> first, last = ends(np.array([3.0, 3.0, 3.0, 2.0, 1.0, 1.0, 1.0]))
    >>> first.value, last.value
    (3.0, 1.0)
    """
    width = max(3, min(most, int(share * len(values))))
    parts = values[:width], values[-width:]
    if width >= 8:
        return level(parts[0]), level(parts[1])
    error = 1.2533 * noise(values) / math.sqrt(width)
    return Level(float(np.median(parts[0])), error), Level(float(np.median(parts[1])), error)


def lasting(values: NDArray[np.float64], rows: int = 3) -> NDArray[np.float64]:
    """The median of so many neighbouring values, at each place where there are as many: a single jump is gone.

    >>> lasting(np.array([1.0, 9.0, 1.0, 8.0, 8.0])).tolist()
    [1.0, 8.0, 8.0]
    """
    if len(values) < rows:
        return values[:0]
    middles: NDArray[np.float64] = np.median(np.lib.stride_tricks.sliding_window_view(values, rows), axis=1)
    return middles


def by_epoch(history: History, name: str) -> NDArray[np.float64]:
    """A curve with a row for each epoch and a column for each place in it; of epochs that were recorded alike.

    Where no epochs were recorded, evaluations at equal distances stand for their ends; empty where there are none
    either. Epochs of another length than most (the first and the last of a log that has only a part of them) are left
    out.
    """
    if name not in history:
        return np.empty((0, 0))
    curve = history[name]
    if EPOCH in history:
        epochs = history[EPOCH]
        at = np.maximum(np.searchsorted(epochs.steps, curve.steps, side="right") - 1, 0)
        numbers = np.floor(epochs.values[at])
    elif VALID_LOSS in history:
        evaluated = np.unique(history[VALID_LOSS].steps)
        if len(set(np.diff(evaluated).tolist())) != 1:
            return np.empty((0, 0))
        numbers = np.searchsorted(evaluated, curve.steps).astype(float)
    else:
        return np.empty((0, 0))
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1) != 0)
    lengths = np.diff(np.append(starts, len(numbers)))
    if not len(lengths):
        return np.empty((0, 0))
    kinds, counts = np.unique(lengths, return_counts=True)
    usual = int(kinds[counts == counts.max()].max())
    whole = starts[lengths == usual]
    laid: NDArray[np.float64] = curve.values[whole[:, None] + np.arange(usual)]
    return laid


def of_both_signs(values: NDArray[np.float64]) -> bool:
    """Whether a curve lies about 0 in most of its windows, as the losses of games and of policies do.

    Such a loss says nothing of what is learnt: its gradient moves the model, its value does not fall.

    >>> of_both_signs(np.tile([1.0, -1.0], 20)), of_both_signs(np.linspace(3, -3, 40))
    (True, False)
    """
    if len(values) < 10:
        return False
    parts = blocks(values, max(5, len(values) // 20))
    lowest, highest = parts.min(axis=1), parts.max(axis=1)
    return bool(lowest.min() < 0 < highest.max()) and float(np.mean((lowest <= 0) & (highest >= 0))) > 0.5


_ENDLESS: Final = 1e150
"""What is larger has no finite square."""

SUPERVISED: Final = ("classification", "multilabel", "tagging", "regression")
"""Tasks whose loss is to fall: no opponent moves it, nor the model's own doings."""

_PLAYED: Final = re.compile(
    r"reward|return|episode|advantage|policy|critic|actor|q_value|discriminator|generator|adversar"
    r"|(?:^|[._/ -])(?:d|g|disc|gen|adv|td)_?loss"
)


def moving_target(history: History) -> str | None:
    """A curve that says that the loss is of a game: its target moves, and its height is no measure of success.

    Its name tells; or it is the loss of a second optimizer that takes turns with the first.

    >>> moving_target(History.of([(1, {"train.loss": 1.0, "train.mean_reward": 0.0})]))
    'train.mean_reward'
    """
    if OTHER_LOSS in history and TRAIN_LOSS in history and 4 * len(history[OTHER_LOSS]) >= len(history[TRAIN_LOSS]):
        return OTHER_LOSS
    return next((name for name in history.names if _PLAYED.search(name.lower())), None)
