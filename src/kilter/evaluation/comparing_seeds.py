"""Comparing two ways of training, each trained several times, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.evaluation.comparing import compare, matched, numbered_groups
from kilter.evaluation.detecting import detectable_over_seeds
from kilter.metrics.dominance import almost_stochastic_order
from kilter.metrics.seeds import FEWEST, difference_over_seeds
from kilter.values.comparison import Comparison, Dominance
from kilter.values.errors import UsageError
from kilter.values.predictions import Predictions
from kilter.values.score import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL: Final = 0.05  # of the bound of almost stochastic order


def compare_seeds(
    left: Sequence[Predictions],
    right: Sequence[Predictions],
    *,
    names: tuple[str, str] = ("left", "right"),
    split: str = "test",
    merit: str | None = None,
    groups: Mapping[str, object] | None = None,
    seed: int = 0,
) -> Comparison:
    """Two ways of training on the same examples: does one do better, whatever the seed?

    The difference is that of the mean merits over trainings and examples, its interval and test reckon with both (see
    `metrics.seeds`). Beside them stands how far the scores of the left dominate those of the right as distributions
    (almost stochastic order), which asks for more than a difference of means.

    Args:
        left: predictions of each training of the one way, two or more.
        right: of each training of the other.
        names: of the two ways.
        split: on which split the predictions were made.
        merit: what the mean of their merits is, as in `compare`.
        groups: of the examples, by their ids; those of one group then count as one example.
        seed: of the resamples.

    Raises:
        UsageError: fewer than two trainings a side, fewer than two examples, or what `compare` raises.
    """
    for name, made in zip(names, (left, right), strict=True):
        if len(made) < FEWEST:
            raise UsageError(
                f"{len(made)} training of {name!r}",
                legal=f"{FEWEST} or more a side, with different seeds",
                remedy="train it again with another `train.seed`, or compare single runs",
            )
    first = left[0]
    judged = compare(first, right[0], names=names, split=split, merit=merit, groups=groups, seed=seed)
    ours, theirs = (np.stack([matched(first, each, names).merit for each in side]) for side in (left, right))
    numbers = None if groups is None else numbered_groups(first, groups)
    if numbers is not None:
        ours, theirs = (_by_groups(side, numbers) for side in (ours, theirs))
    if ours.shape[1] < FEWEST:
        raise UsageError(
            f"{ours.shape[1]} example to compare {names[0]!r} and {names[1]!r} on",
            legal=f"{FEWEST} or more are needed",
            remedy="compare on a larger split",
        )
    difference = difference_over_seeds(ours, theirs)
    order = almost_stochastic_order(ours.mean(axis=1), theirs.mean(axis=1), level=LEVEL, seed=seed)
    return replace(
        judged,
        difference=replace(Score.of(judged.difference.name, difference), n=len(first)),
        p_value=difference.p_value,
        test=difference.test,
        detectable=detectable_over_seeds(ours, theirs),
        dominance=Dominance(
            ratio=order.ratio,
            bound=order.bound,
            spread=order.spread,
            level=LEVEL,
            left_seeds=len(ours),
            right_seeds=len(theirs),
        ),
    )


def _by_groups(merits: NDArray[np.float64], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Merits (seeds, n) as what each group (seeds, g) contributes; the mean of a row stays what it was."""
    count = int(numbers.max()) + 1
    sums = np.stack([np.bincount(numbers, weights=row, minlength=count) for row in merits])
    contributed: NDArray[np.float64] = sums * (count / merits.shape[1])
    return contributed
