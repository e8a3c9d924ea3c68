"""Evaluations beside what was trained meanwhile: the validation loss, the training loss about each, the start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.checks.curves.series import Level, finite, level, noise
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS, direction, split_of
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


_FEWEST: Final = 20  # values of a log that begins later than the run: what came before is a twentieth of it


class Evaluations(NamedTuple):
    """The validation loss at each evaluation, and what stood in the log beside it.

    Attributes:
        steps: of the evaluations, each once.
        losses: the validation loss.
        beside: the mean training loss shortly before and after each.
        start: the training loss before anything was learnt, as far as the log reaches back.
        origin: the same at the first step: where the log begins later, or with a mean, the fall between its first two
            values is followed backwards.
        end: the training loss at the end.
        by_step: whether the training loss was logged more often than the validation loss; a mean over an epoch
            hides how high it began.
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float64]
    beside: NDArray[np.float64]
    start: Level
    origin: float
    end: Level
    by_step: bool


def evaluations(history: History) -> Evaluations | None:
    """The evaluations of a run; None where it has no validation loss or no training loss."""
    steps, losses = finite(history, VALID_LOSS)
    at, train = finite(history, TRAIN_LOSS)
    if not len(losses) or not len(train):
        return None
    between = len(train) // len(losses)
    width = max(1, min(25, between // 4))
    first = max(1, min(5, between // 4))  # the loss falls fastest at its start: few steps tell what it was
    start = level(train[:first]) if first > 1 else Level(float(train[0]), noise(train))
    means = between < 4 and _stand_together(at, steps)
    return Evaluations(
        steps=steps,
        losses=losses,
        beside=means_beside(at, train, steps, width),
        start=start,
        origin=start.value if at[0] <= 1 and not means else _origin(at, train, means=means),
        end=level(train[-max(1, min(50, between)) :]),
        by_step=between >= 4,
    )


def in_other_units(run: Evaluations) -> bool:
    """Whether the validation loss falls by the same factors as the training loss: one is a multiple of the other.

    A sum over rows beside a mean, or a loss divided by the steps of an accumulation, is no other loss; nor are absolute
    errors beside squared ones, whose logarithms fall half as far.
    """
    if len(run.losses) < 4 or min(run.losses.min(), run.beside.min()) <= 0:
        return False
    own, beside = (math.log(curve[:2].mean() / curve[-3:].mean()) for curve in (run.losses, run.beside))
    if beside <= math.log(1.3):
        return False
    straight = float(np.corrcoef(np.log(run.losses), np.log(run.beside))[0, 1]) if np.ptp(run.losses) > 0 else 0.0
    return 0.6 < own / beside < 1.4 or (0.35 < own / beside <= 0.6 and straight > 0.9)


def _stand_together(at: NDArray[np.int64], steps: NDArray[np.int64]) -> bool:
    """Whether steps `at` and evaluations stand beside each other one by one, as means over an epoch do."""
    if len(steps) < 2 or not 0.8 * len(steps) - 1 <= len(at) <= 1.2 * len(steps) + 1:
        return False
    after = np.minimum(np.searchsorted(steps, at), len(steps) - 1)
    apart = np.minimum(np.abs(steps[after] - at), np.abs(steps[np.maximum(after - 1, 0)] - at))
    return float(np.mean(apart <= 0.1 * np.median(np.diff(steps)))) > 0.9


def _origin(steps: NDArray[np.int64], losses: NDArray[np.float64], *, means: bool) -> float:
    """The loss at the first step of a log that begins later; never below the first one that it holds.

    A fall by e^r from one mean over an epoch to the next belongs to a start of r / (1 - e^-r) times the first mean.
    Before the first of single values losses fall faster than after it: the factor is taken twice, and where it is more
    than 1.5, or the log has few values, nobody can say how high the loss was (infinite).
    """
    if steps[0] == 0 or losses[: min(2, len(losses))].min() <= 0:
        return float(losses[0])
    if len(losses) < 2 or losses[1] >= losses[0]:
        return float(losses[0]) if means or len(losses) >= _FEWEST else math.inf
    factor = float(losses[0] / losses[1])
    if means:
        return float(losses[0]) * math.log(factor) / (1 - 1 / factor)
    return float(losses[0]) * factor**2 if factor <= 1.5 and len(losses) >= _FEWEST else math.inf


def judged(history: History) -> tuple[str, NDArray[np.int64], NDArray[np.float64]]:
    """What a run is judged by: its validation loss, else its first score, turned so that lower is better.

    >>> judged(History.of([(5, {"valid.accuracy": 0.75})]))
    ('valid.accuracy', array([5]), array([-0.75]))
    """
    for name in (VALID_LOSS, *scores(history)):
        steps, values = finite(history, name)
        if len(values):
            return name, steps, values if name == VALID_LOSS else -direction(name) * values
    return VALID_LOSS, *finite(history, VALID_LOSS)


def means_beside(
    steps: NDArray[np.int64], values: NDArray[np.float64], at: NDArray[np.int64], width: int
) -> NDArray[np.float64]:
    """The mean of the `width` values recorded up to each of the steps `at` and as many after it.

    A mean over an epoch, logged at its end, lags half an epoch behind: together with the next one it does not.

    >>> means_beside(np.arange(1, 7), np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0]), np.array([2, 6]), 1).tolist()
    [4.5, 1.0]
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    middle = np.searchsorted(steps, at, side="right")
    low, high = np.maximum(middle - width, 0), np.minimum(middle + width, len(values))
    means: NDArray[np.float64] = (sums[high] - sums[low]) / np.maximum(high - low, 1)
    return means


def scores(history: History, split: str = "valid") -> tuple[str, ...]:
    """Curves of a split, the loss left out, whose names tell which way is better."""
    return tuple(
        name
        for name in history.names
        if split_of(name) == split and name != f"{split}.loss" and "/" not in name and direction(name)
    )


def mean_error(values: NDArray[np.float64], count: int) -> float:
    """The standard error of a mean of `count` neighbouring values of a curve, from the curve's own noise."""
    return noise(values) / math.sqrt(max(count, 1))


def sampling_error(values: NDArray[np.float64]) -> float:
    """The standard deviation that a share of rows has from their number, which its smallest change betrays.

    Shares of n rows are multiples of 1/n; 0 where the values are no shares or never change.

    >>> round(sampling_error(np.array([0.50, 0.52, 0.51, 0.50])), 3)
    0.05
    """
    if len(values) < 2 or values.min() < 0 or values.max() > 1:
        return 0.0
    gaps = np.diff(np.unique(values))
    gaps = gaps[gaps > 1e-9]
    middle = float(np.mean(values))
    return math.sqrt(middle * (1 - middle) * float(gaps.min())) if len(gaps) else 0.0
