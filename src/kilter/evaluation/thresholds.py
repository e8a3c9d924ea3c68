"""Thresholds chosen for a goal on one split, and what they bring on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.evaluation.probabilities import Column, as_score, column, cut_columns
from kilter.metrics.confusion import rates_of
from kilter.metrics.intervals import bootstrap_mean
from kilter.metrics.thresholds import Choice, largest_f1, recall_at_precision, smallest_cost
from kilter.values.calibration import Threshold
from kilter.values.errors import Fault, UsageError
from kilter.values.predictions import Predictions
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.score import Score

Costs = Mapping[str, Mapping[str, float]]
"""What a decision costs, by the true class and the decided one; what is left out costs nothing."""

PRECISION: Final = 0.9  # asked of the threshold with the largest recall


def choose_thresholds(
    chosen_on: Predictions,
    judged: Predictions,
    labels: Sequence[str],
    *,
    split: str = "valid",
    precision: float = PRECISION,
    costs: Costs | None = None,
) -> tuple[Threshold, ...]:
    """For each goal the threshold that reaches it on one split, with its scores on another.

    Goals are the largest F1, the largest recall at a precision, and the smallest cost where costs are given. Of two
    classes the rarer one is decided by the threshold, of several labels that exclude nothing each; of anything else
    there is none.

    Args:
        chosen_on: predictions on which thresholds are chosen.
        judged: predictions of the same model on which they are judged.
        labels: names of the classes, as `Task.labels`.
        split: the name of the split that thresholds are chosen on.
        precision: that the second goal asks for.
        costs: what a decision costs, by the true class and the decided one; for two classes.

    Raises:
        UsageError: costs of other classes than the two, or a precision that is no share.
    """
    if not 0 < precision <= 1:
        raise UsageError(f"precision = {precision!r}", legal="it is a share above 0 and up to 1, such as 0.9")
    if costs is not None:
        refuse_foreign_costs(costs, labels)
    chosen: list[Threshold] = []
    for at in cut_columns(chosen_on, labels):
        table = None if costs is None else _table(costs, labels, at)
        own = column(judged, at)
        for goal, choice in _choices(column(chosen_on, at), precision, table).items():
            scores = () if choice.threshold is None else _scores(own, choice.threshold, table)
            chosen.append(
                Threshold(
                    goal=goal,
                    label=labels[at],
                    value=choice.threshold,
                    chosen_on=split,
                    scores=scores,
                    undefined=choice.undefined,
                )
            )
    return tuple(chosen)


def refuse_foreign_costs(costs: Costs, labels: Sequence[str]) -> None:
    """Make sure that costs are of these two classes.

    Raises:
        UsageError: there are not two classes, or a cost names another one.
    """
    if len(labels) != 2:
        raise UsageError(
            f"costs of decisions among {len(labels)} classes",
            legal="a threshold decides between two classes, and costs are for those",
            remedy="leave the costs out",
        )
    named = [*costs, *(decided for of in costs.values() for decided in of)]
    unknown = [name for name in dict.fromkeys(named) if name not in labels]
    if unknown:
        faults = [Fault(met=f"{name!r} is no class", legal=nearest(name, labels)) for name in unknown]
        raise UsageError(
            f"costs of what is no class: {', '.join(map(repr, unknown))}",
            legal=f"the classes are {labels[0]!r} and {labels[1]!r}",
            remedy="name the true class, then the decided one: {spam: {ham: 5}}",
            faults=faults,
        )


def _choices(chosen_on: Column, precision: float, costs: NDArray[np.float64] | None) -> dict[str, Choice]:
    """The threshold of each goal."""
    if not len(chosen_on.positive):
        return {}
    positive, score = chosen_on.positive.astype(np.int64), chosen_on.score
    choices = {
        "largest f1": largest_f1(positive, score),
        f"recall at precision >= {precision:g}": recall_at_precision(positive, score, precision),
    }
    if costs is not None:
        choices["smallest cost"] = smallest_cost(positive, score, costs)
    return choices


def _scores(judged: Column, threshold: float, costs: NDArray[np.float64] | None) -> tuple[Score, ...]:
    """Precision, recall and F1 with that threshold; with costs, what a decision costs in the mean, and did without."""
    decided = judged.score >= threshold
    hits = int(np.count_nonzero(decided & judged.positive))
    rates = rates_of(hits, int(judged.positive.sum()), int(decided.sum()))
    scores = [as_score(name, measure) for name, measure in rates.items()]
    if costs is not None:
        for name, given in (("mean cost", decided), ("mean cost as decided", judged.decided)):
            each = costs[judged.positive.astype(np.int64), given.astype(np.int64)]
            scores.append(as_score(name, bootstrap_mean(each), larger_is_better=False))
    return tuple(scores)


def _table(costs: Costs, labels: Sequence[str], at: int) -> NDArray[np.float64]:
    """Costs (2, 2) of truth and decision, the class that is decided by the threshold second."""
    order = (labels[1 - at], labels[at])
    return np.array([[float(costs.get(true, {}).get(decided, 0.0)) for decided in order] for true in order])
