"""The loss of the best constant answer, where it takes more than a formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALVINGS: Final = 100  # of an interval, down to the precision of a double


def entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nats (...) of shares (..., k), each row adding up to 1.

    >>> float(entropy(np.array([0.5, 0.5, 0.0])).round(4))
    0.6931
    """
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    nats: NDArray[np.float64] = -(shares * logarithms).sum(axis=-1)
    return nats


def best_focal(shares: NDArray[np.float64], focus: float) -> float:
    """The focal loss of the best constant probabilities, where classes occur in these shares (k,).

    What is sought are probabilities p that add up to 1 and at which the slopes of share (1 - p)^focus (-log p) are all
    equal. The loss is convex in p, so that each p falls as that slope is made steeper.
    """
    seen = shares[shares > 0]
    if len(seen) == 1:
        return 0.0

    def at(steepness: float) -> NDArray[np.float64]:
        return _bisect(lambda p: seen * _focal_steepness(p, focus) - steepness, np.zeros_like(seen), np.ones_like(seen))

    high = 1.0
    while at(high).sum() > 1:
        high *= 2
    steepness = _bisect(lambda s: np.array([at(float(s[0])).sum() - 1]), np.zeros(1), np.full(1, high))
    p = at(float(steepness[0]))
    p /= p.sum()
    return float((seen * (1 - p) ** focus * -np.log(p)).sum())


def best_huber(errors: NDArray[np.float64], delta: float) -> float:
    """The mean Huber loss of errors (n,) after the best constant has been taken off all of them."""

    def pull(at: NDArray[np.float64]) -> NDArray[np.float64]:
        mean: NDArray[np.float64] = np.clip(errors - at, -delta, delta).mean(keepdims=True)
        return mean

    best = _bisect(pull, errors.min(keepdims=True), errors.max(keepdims=True))
    size = np.abs(errors - best)
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).mean())


def _focal_steepness(p: NDArray[np.float64], focus: float) -> NDArray[np.float64]:
    """How steeply (1 - p)^focus (-log p) falls at p, within 0 and 1."""
    missing = 1 - p
    steepness: NDArray[np.float64] = missing**focus / p
    return steepness - focus * missing ** (focus - 1) * np.log(p) if focus else steepness


def _bisect(
    falling: Callable[[NDArray[np.float64]], NDArray[np.float64]], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where functions that fall are 0, each between its bounds."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = falling(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2
