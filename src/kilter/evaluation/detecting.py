"""What a comparison on so many examples could show at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.metrics.clusters import clustered
from kilter.metrics.power import (
    LEVEL,
    POWER,
    detectable_by_t,
    detectable_in_accuracy,
    detectable_in_mean,
    detectable_over_trainings,
)
from kilter.metrics.seeds import error_over_seeds
from kilter.values.comparison import Detectable

if TYPE_CHECKING:
    from numpy.typing import NDArray

DISAGREEMENT: Final = 0.1
"""Share of examples that only one of two models gets right, where nothing was measured yet. Two models of 90 % that
err independently disagree on 18 %; two that learnt from the same rows have about half of their errors in common."""
BETWEEN_SEEDS: Final = 0.01
"""Standard deviation of an accuracy from seed to seed, where nothing was measured yet: one point. It is an assumption.
Small data and unsteady training have several points, large data tenths of one."""


def detectable(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    groups: NDArray[np.int64] | None = None,
    *,
    level: float = LEVEL,
) -> Detectable:
    """The smallest true difference in mean merit that the test of these merits (n,) would have established mostly.

    How much the differences vary is taken from the examples at hand; the difference that was seen is not looked at.

    Args:
        left: merits of the one model.
        right: of the other, on the same examples.
        groups: (n,) numbers of the groups that were resampled as wholes.
        level: of the test; of m comparisons made together the m-th part of what they may err by together.
    """
    n, differences = len(left), left - right
    if groups is not None:
        parts = clustered(differences, groups)
        count = len(parts.sizes)
        return Detectable(
            difference=detectable_in_mean(count, parts.deviation, level=level),
            n=count,
            power=POWER,
            level=level,
            assumed="groups of examples vary as they do here",
        )
    if bool((((left == 0) | (left == 1)) & ((right == 0) | (right == 1))).all()):
        share = float(np.mean(left != right))
        return before(
            n,
            disagreement=share,
            assumed=f"only one of both is right on {100 * share:.2g} % of examples, as here",
            level=level,
        )
    deviation = float(np.std(differences, ddof=1))
    return Detectable(
        difference=detectable_in_mean(n, deviation, level=level),
        n=n,
        power=POWER,
        level=level,
        assumed=f"differences of examples have the standard deviation {deviation:.3g}, as here",
    )


def before(n: int, *, disagreement: float = DISAGREEMENT, assumed: str = "", level: float = LEVEL) -> Detectable:
    """The smallest true difference in accuracy that a test of so many examples would establish, before any run.

    >>> print(before(540).difference.__round__(3), "where", before(540).assumed)
    0.039 where only one of both is right on 10 % of examples

    Args:
        n: examples; 1 or more.
        disagreement: the share of them that only one of two models gets right.
        assumed: how that share is said.
        level: of the test.
    """
    return Detectable(
        difference=detectable_in_accuracy(n, disagreement, level=level),
        n=n,
        power=POWER,
        level=level,
        assumed=assumed or f"only one of both is right on {100 * disagreement:.2g} % of examples",
    )


def detectable_over_seeds(left: NDArray[np.float64], right: NDArray[np.float64]) -> Detectable:
    """The same for the merits of several trainings a side, (j, n) and (k, n); seeds are those of the smaller side."""
    error, freedom = error_over_seeds(left, right)
    return Detectable(
        difference=detectable_by_t(error, freedom),
        n=left.shape[1],
        seeds=min(len(left), len(right)),
        power=POWER,
        level=LEVEL,
        assumed="trainings and examples vary as they do here",
    )


def before_in_deviations(n: int) -> Detectable:
    """The smallest true mean difference that a test of so many examples would establish, in standard deviations.

    They are those of what two models differ by from example to example, of which nothing is known before any run.
    """
    return Detectable(
        difference=detectable_in_mean(n, 1.0),
        n=n,
        power=POWER,
        level=LEVEL,
        assumed="the unit is the standard deviation of what two models differ by from example to example",
    )


def before_over_seeds(n: int, seeds: int, *, between: float = BETWEEN_SEEDS) -> Detectable:
    """The smallest true difference in accuracy between two ways of training, each trained so many times.

    >>> print(before_over_seeds(540, 5).difference.__round__(3), "where", before_over_seeds(540, 5).assumed)
    0.042 where only one of both is right on 10 % of examples and scores vary by 1 point from seed to seed

    Args:
        n: examples; 1 or more.
        seeds: trainings on each side.
        between: standard deviation of the accuracy from seed to seed.
    """
    points = f"{100 * between:.2g} point{'s' * (between != BETWEEN_SEEDS)}"
    return Detectable(
        difference=detectable_over_trainings(n, seeds, deviation=math.sqrt(DISAGREEMENT), between=between),
        n=n,
        seeds=seeds,
        power=POWER,
        level=LEVEL,
        assumed=f"only one of both is right on {100 * DISAGREEMENT:.2g} % of examples and scores vary by {points} from"
        " seed to seed",
    )


def before_over_seeds_in_deviations(n: int, seeds: int, *, between: float | None = None) -> Detectable:
    """The same in standard deviations of what two models differ by from example to example.

    Args:
        n: examples; 1 or more.
        seeds: trainings on each side.
        between: standard deviation of a score from seed to seed, in the same unit; None takes what one point of
            accuracy is in it, where two models disagree on 10 % of examples.
    """
    assumed = BETWEEN_SEEDS / math.sqrt(DISAGREEMENT) if between is None else between
    return Detectable(
        difference=detectable_over_trainings(n, seeds, deviation=1.0, between=assumed),
        n=n,
        seeds=seeds,
        power=POWER,
        level=LEVEL,
        assumed=f"the unit is the standard deviation of what two models differ by from example to example, and scores"
        f" vary by {assumed:.2g} of it from seed to seed",
    )
