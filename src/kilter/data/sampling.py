"""The rows of an epoch where not every row stands in it once: as many of each class, or in proportion to weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.data.randomness import uniforms

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS: Final = 5  # purpose of random numbers
DRAWS: Final = 0x5A3  # tells this use of a generator from those with the same seed and epoch


def balanced(classes: NDArray[np.int64], *, seed: int, epoch: int) -> NDArray[np.int64]:
    """As many rows of each class, and as many in all as there are rows.

    The rows of a class come round: shuffled anew in each round, and an epoch goes on where the last one stopped, so
    that rows of a rare class stand several times in an epoch and each row of a frequent one in some epoch. Over the
    epochs all rows of a class are drawn equally often, but for one time.

    Args:
        classes: (n,) the class of each row.
        seed: of the run.
        epoch: from 0.

    Returns:
        n row numbers, class by class.
    """
    present, of_row = np.unique(classes, return_inverse=True)
    order = np.argsort(of_row, kind="stable")
    bounds = np.searchsorted(of_row[order], np.arange(len(present) + 1))
    drawn = [np.zeros(0, dtype=np.int64)]
    for number in range(len(present)):
        # Of x things, k takers get floor((x + number) / k): together x (Hermite's identity), after any epoch
        start, stop = ((epochs * len(classes) + number) // len(present) for epochs in (epoch, epoch + 1))
        members = order[bounds[number] : bounds[number + 1]]
        drawn.append(_rounds(members, start, stop, seed=seed, of=number))
    return np.concatenate(drawn)


def weighted(weights: NDArray[np.floating], *, seed: int, epoch: int) -> NDArray[np.int64]:
    """As many rows as there are, each drawn n · weight / sum of weights times, rounded down or up by chance.

    Systematic sampling (Madow and Madow 1944, On the theory of systematic sampling) of the rows in random order: no
    row stands more than once more, or once less, than its share, so that an epoch is as even as it can be.

    Args:
        weights: (n,) what each row counts for, 0 or more, not all of them 0.
        seed: of the run.
        epoch: from 0.

    Returns:
        n row numbers, in random order.
    """
    rows = len(weights)
    generator = np.random.default_rng([seed, epoch, DRAWS])
    order = generator.permutation(rows)
    reached = np.cumsum(weights[order], dtype=np.float64)
    marks = (np.arange(rows) + generator.random()) / rows * reached[-1:]
    # Rounding may put the last mark on the sum itself, behind which no row stands
    places = np.minimum(np.searchsorted(reached, marks, side="right"), np.searchsorted(reached, reached[-1:]))
    drawn: NDArray[np.int64] = order[places]
    return drawn


def _rounds(members: NDArray[np.int64], start: int, stop: int, *, seed: int, of: int) -> NDArray[np.int64]:
    """Places `start` to `stop` of an endless row of shuffles of the members."""
    if start == stop:
        return members[:0]
    first, last = start // len(members), (stop - 1) // len(members)
    keys = uniforms(seed=seed, epoch=of, rows=range(first, last + 1), count=len(members), purpose=ROUNDS)
    shuffles = members[np.argsort(keys, axis=1, kind="stable")].ravel()
    drawn: NDArray[np.int64] = shuffles[start - first * len(members) : stop - first * len(members)]
    return drawn
