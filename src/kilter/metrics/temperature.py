"""Temperature scaling: one number that makes probabilities as sure as they are right."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_answers, as_table, row_chunks

LEAST: Final = 0.02  # temperatures; beyond, probabilities are 0 and 1 or all the same, and the best one lies nowhere
MOST: Final = 50.0
NEWTON: Final = 20  # steps; then the range is halved, on a logarithmic scale
ROUNDS: Final = 80  # in all, which takes a range of 2,500 to the precision below by halving alone
SMALL_STEP: Final = 1e-10  # relative, of the inverse temperature
QUICK_STEP: Final = 1e-6  # the same of one of Newton's, after which the error is about its square
SAMPLE: Final = 20_000  # examples from which the search begins where there are more


def fit_temperature(target: npt.ArrayLike, probabilities: npt.ArrayLike) -> float | None:
    """The temperature T at which softmax(log p / T) has the smallest log-loss on these examples.

    Log-probabilities are logits up to a number that a softmax does not see, so that this is the temperature of the
    logits (Guo et al. 2017, On calibration of modern neural networks, section 4.2). The log-loss is convex in 1 / T;
    its minimum is found by Newton's steps, kept within a range that only shrinks. A probability of 0 is taken for the
    smallest normal double, a loss of 708 nats, as costs of examples are.

    None where no temperature between 0.02 and 50 is best: where all examples are right, and being surer is always
    better, or where being less sure is, since the probabilities say nothing of the truth; and without examples.

    `target` holds class indices (n,), `probabilities` has shape (n, classes).

    >>> sure = np.array([[0.9, 0.1]] * 10)
    >>> round(fit_temperature([0] * 7 + [1] * 3, sure), 3)  # log(9) / log(7 / 3)
    2.593

    Raises ValueError for targets out of range, and probabilities that are none or of another shape.
    """
    true, table = as_answers(target, probabilities)
    if not _is_wrong_somewhere(true, table):
        return None
    few = max(1, true.size // SAMPLE)
    start = _inverse(true[::few], table[::few], 1.0) if few > 1 else None
    inverse = _inverse(true, table, start or 1.0)
    return None if inverse is None else 1 / inverse


def cool(
    probabilities: npt.ArrayLike, temperature: float, *, into: type[np.floating] = np.float64
) -> npt.NDArray[np.floating]:
    """Probabilities (n, classes) at a temperature: softmax(log p / T); 1 leaves them, above 1 they are less sure.

    >>> cool([[0.9, 0.1]], 2.0).round(3).tolist()
    [[0.75, 0.25]]

    Args:
        probabilities: (n, classes), each row sums to 1.
        temperature: above 0.
        into: the type of number of what is given back; single precision takes half the memory.

    Raises ValueError for a temperature that is not above 0, and probabilities that are none.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"temperature = {temperature!r}: a number above 0 is legal; 1 leaves probabilities as they are."
        )
    table = as_table(probabilities)
    cooled = np.empty(table.shape, into)
    for rows in row_chunks(*table.shape):
        logits = _logs(table[rows])
        logits /= temperature
        cooled[rows] = _softmax(logits).T
    return cooled


def _inverse(true: npt.NDArray[np.integer], table: npt.NDArray[np.floating], start: float) -> float | None:
    """The inverse temperature of the smallest log-loss, sought from `start`; None where it is out of range."""
    low, high = 1 / MOST, 1 / LEAST
    inverse, within = start, False
    for number in range(ROUNDS):
        slope, curvature = _slope(true, table, inverse)
        if slope == 0:
            break
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        following = inverse - slope / curvature if curvature > 0 else low
        enough = QUICK_STEP
        if not low < following < high or number >= NEWTON:
            if not within and (_slope(true, table, 1 / MOST)[0] >= 0 or _slope(true, table, 1 / LEAST)[0] <= 0):
                return None
            following, within, enough = math.sqrt(low * high), True, SMALL_STEP
        change, inverse = abs(following - inverse), following
        if change <= enough * inverse:
            break
    return inverse


def _is_wrong_somewhere(true: npt.NDArray[np.integer], table: npt.NDArray[np.floating]) -> bool:
    """Whether some true class is not the likeliest one; elsewise being surer is always better."""
    for rows in row_chunks(*table.shape):
        part, own = table[rows], true[rows]
        if (part.max(axis=1) > part[np.arange(own.size), own]).any():
            return True
    return False


def _slope(true: npt.NDArray[np.integer], table: npt.NDArray[np.floating], inverse: float) -> tuple[float, float]:
    """The first and second derivative of the log-loss by the inverse temperature, summed over examples."""
    slope = curvature = 0.0
    for rows in row_chunks(*table.shape):
        logits, own = _logs(table[rows]), true[rows]
        given = logits[own, np.arange(own.size)]
        share = _softmax(logits * inverse)
        mean = np.einsum("ji,ji->i", share, logits)
        slope += float((mean - given).sum())
        logits -= mean
        share *= logits
        curvature += float(np.einsum("ji,ji->", share, logits))
    return slope, curvature


def _logs(table: npt.NDArray[np.floating]) -> Reals:
    """Log-probabilities, examples in columns (classes, rows), since sums over few classes are quicker that way."""
    logs = table.T.astype(np.float64, order="C")
    np.maximum(logs, np.finfo(np.float64).tiny, out=logs)
    return np.log(logs, out=logs)


def _softmax(logits: Reals) -> Reals:
    """The softmax of each column (classes, rows), in place."""
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits
