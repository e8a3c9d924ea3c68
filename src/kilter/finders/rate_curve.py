"""What shortened trainings at several learning rates tell about the best rate of the whole one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

DIVERGED: Final = math.log(1.3)
"""A loss so much above that of the untrained model counts as diverged; how far it went off tells nothing more."""

DEPTH: Final = 0.15
"""Logarithm of losses over which a rate's weight falls by a factor e. Losses of trainings that differ only by their
seed lie about as far apart, so that what is so close to the lowest may be the lowest."""

SHIFT: Final = 0.3
"""Octaves by which the best rate falls when a training becomes twice as long. The middle of ten small trainings, where
anything from .2 to .4 does about as well; if steps made up for rates it were 1, if only stability counted 0."""

NOISE: Final = 0.05
"""Standard deviation of the logarithm of a final loss over seeds, as it is expected before anything is measured."""

_WEIGHT: Final = 2
"""Measurements that this expectation counts as."""

_GRID: Final = 32
"""Points between two places at which the curve is read."""


def heights(losses: Mapping[int, float], start: float) -> dict[int, float]:
    """Logarithms of losses, relative to the untrained model's; what diverged is all alike.

    A loss that may be below zero has no logarithm: there the deepest fall counts as 1.

    >>> heights({0: 1.0, 1: 0.5, 2: math.inf}, start=1.0) == {0: 0.0, 1: math.log(0.5), 2: DIVERGED}
    True

    Args:
        losses: by place; not finite where the training went off.
        start: loss of the untrained model.
    """
    finite = [loss for loss in losses.values() if math.isfinite(loss)]
    if start > 0 and all(loss > 0 for loss in finite):
        told = {place: math.log(loss / start) for place, loss in losses.items() if math.isfinite(loss)}
    else:
        fall = max((start - loss for loss in finite), default=0.0) or 1.0
        told = {place: (loss - start) / abs(fall) for place, loss in losses.items() if math.isfinite(loss)}
    return {place: min(told.get(place, DIVERGED), DIVERGED) for place in losses}


def middle(heights: Mapping[int, float], *, depth: float = DEPTH) -> float:
    """The place of the lowest point, where noise may have made any of the low ones the lowest.

    The mean of all places on the straight lines between those that were tried, each with weight exp(-height / depth).

    >>> round(middle({-1: -1.0, 0: -2.0, 1: -1.0}), 6), middle({4: -1.0})
    (0.0, 4.0)

    Args:
        heights: by place.
        depth: in which a weight falls by a factor e.
    """
    places, values = _between(heights)
    weights = np.exp(-(values - values.min()) / depth)
    return float((weights * places).sum() / weights.sum())


def as_good(heights: Mapping[int, float], *, noise: float) -> tuple[float, float]:
    """The places around the lowest that noise could have put there: within two standard deviations of a difference.

    Args:
        heights: by place.
        noise: standard deviation of a height over seeds.
    """
    places, values = _between(heights)
    lowest = int(values.argmin())
    over = np.flatnonzero(values > values[lowest] + 2 * math.sqrt(2) * noise)
    below, above = over[over < lowest], over[over > lowest]
    first = below[-1] + 1 if len(below) else 0
    last = above[0] - 1 if len(above) else len(places) - 1
    return float(places[first]), float(places[last])


def noise_of(first: Mapping[int, float], second: Mapping[int, float]) -> float:
    """The standard deviation of heights over seeds, from places tried with two; what all have in common is taken off.

    >>> noise_of({0: -1.0}, {}) == NOISE
    True

    Args:
        first: heights by place, with one seed.
        second: with another.
    """
    differences = np.array([first[place] - second[place] for place in second if place in first])
    freedom = max(0, len(differences) - 1)
    squares = float(((differences - differences.mean()) ** 2).sum()) / 2 if freedom else 0.0
    return math.sqrt((_WEIGHT * NOISE**2 + squares) / (_WEIGHT + freedom))


def together(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """Heights with what a second seed tells of some places: the mean of both, what all have in common taken off.

    Args:
        first: heights by place, with one seed.
        second: with another, at some of them.
    """
    if not second:
        return dict(first)
    common = sum(second[place] - first[place] for place in second) / len(second)
    return {
        place: (height + second[place] - common) / 2 if place in second else height for place, height in first.items()
    }


def lengthened(place: float, *, steps: int, total: int, shift: float = SHIFT) -> float:
    """Where the best rate of a longer training lies, in octaves.

    Args:
        place: that of a training of so many steps, in octaves.
        steps: its length.
        total: the longer one's.
        shift: octaves for each time that it becomes twice as long.
    """
    return place - shift * math.log2(total / steps)


def _between(heights: Mapping[int, float]) -> tuple[np.ndarray, np.ndarray]:
    tried = sorted(heights)
    places = np.linspace(tried[0], tried[-1], _GRID * (tried[-1] - tried[0]) + 1)
    return places, np.interp(places, tried, [heights[place] for place in tried])
