"""Thresholds for a goal: where to cut a score so that F1 is largest, precision high enough, or cost smallest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals
from kilter.metrics.ranking import Ranking, rank


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A threshold, and what it reaches on the examples it was chosen on; or why there is none.

    Attributes:
        threshold: an example is let through where its score is this or higher; None where the goal is out of reach.
        reached: the F1, the recall or the mean cost there.
        undefined: why there is none.
    """

    threshold: float | None = None
    reached: float | None = None
    undefined: str | None = None


def largest_f1(target: npt.ArrayLike, score: npt.ArrayLike) -> Choice:
    """The threshold with the largest F1 of the positives; of several, the highest one.

    `target` (n,) holds 0 and 1, `score` (n,) is higher where 1 is likelier. Like all thresholds here it lies half-way
    between the lowest score that is let through and the next lower one, where nothing is decided otherwise.

    >>> largest_f1([0, 1, 1], [0.2, 0.4, 0.9])
    Choice(threshold=0.30000000000000004, reached=1.0, undefined=None)

    Raises ValueError for targets other than 0 and 1, scores that are not finite, unequal lengths, or no examples.
    """
    ranking = rank(target, score)
    positives = ranking.hits[-1]
    if not positives:
        return Choice(undefined="there are no positives")
    f1 = 2 * ranking.hits / (ranking.hits + ranking.false_alarms + positives)
    at = int(np.argmax(f1))
    return Choice(threshold=float(_between(ranking)[at]), reached=float(f1[at]))


def recall_at_precision(target: npt.ArrayLike, score: npt.ArrayLike, precision: float) -> Choice:
    """The threshold with the largest recall among those whose precision is that or higher; of several, the highest.

    >>> recall_at_precision([0, 1, 0, 1], [0.2, 0.4, 0.6, 0.9], 0.9).reached
    0.5

    Raises ValueError unless 0 < precision <= 1, and as `largest_f1` does.
    """
    if not 0 < precision <= 1:
        raise ValueError(f"precision = {precision!r}: a share above 0 and up to 1 is legal; pass 0.9 for 90 %.")
    ranking = rank(target, score)
    if not ranking.hits[-1]:
        return Choice(undefined="there are no positives")
    enough = ranking.precision >= precision
    if not enough.any():
        return Choice(undefined=f"no threshold has a precision above {ranking.precision.max():.4g}")
    at = int(np.argmax(np.where(enough, ranking.recall, -1.0)))
    return Choice(threshold=float(_between(ranking)[at]), reached=float(ranking.recall[at]))


def smallest_cost(target: npt.ArrayLike, score: npt.ArrayLike, costs: npt.ArrayLike) -> Choice:
    """The threshold with the smallest mean cost; of several, the highest one, which may let nothing through.

    `costs` (2, 2) has the truth in rows and the decision in columns, 0 before 1; what is right may cost, too. Where
    scores are probabilities that hold what they say, it comes near to
    (c01 - c00) / (c01 - c00 + c10 - c11) (Elkan 2001, The foundations of cost-sensitive learning, IJCAI).

    >>> smallest_cost([0, 1, 0, 1], [0.2, 0.4, 0.6, 0.9], [[0, 1], [10, 0]]).reached
    0.25

    Raises ValueError for costs of another shape or not finite, and as `largest_f1` does.
    """
    table = np.asarray(costs, dtype=np.float64)
    if table.shape != (2, 2) or not np.isfinite(table).all():
        raise ValueError(
            f"costs of shape {table.shape}: two rows of two finite numbers are legal;"
            " pass [[right 0, 0 taken for 1], [1 taken for 0, right 1]]."
        )
    ranking = rank(target, score)
    hits, alarms = np.append(0, ranking.hits), np.append(0, ranking.false_alarms)
    cost = (
        hits * table[1, 1]
        + (hits[-1] - hits) * table[1, 0]
        + alarms * table[0, 1]
        + (alarms[-1] - alarms) * table[0, 0]
    ) / (hits[-1] + alarms[-1])
    at = int(np.argmin(cost))
    above = float(np.nextafter(ranking.threshold[0], np.inf))
    return Choice(threshold=float(_between(ranking)[at - 1]) if at else above, reached=float(cost[at]))


def _between(ranking: Ranking) -> Reals:
    """For each distinct score, half-way to the next lower one; the lowest stays as it is."""
    lower = np.append(ranking.threshold[1:], ranking.threshold[-1])
    middle: Reals = lower + (ranking.threshold - lower) / 2
    # where no double lies between two scores, the middle may be the lower one, which would be let through, too
    return np.where((middle > lower) | (lower == ranking.threshold), middle, ranking.threshold)
