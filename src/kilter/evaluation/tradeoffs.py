"""What every threshold brings: the curves of ROC and of precision and recall, one class against the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from kilter.evaluation.probabilities import Column, as_score, class_probabilities, column, cut_columns
from kilter.metrics.ranking import average_precision, rank, roc_auc, thinned
from kilter.values.calibration import Threshold
from kilter.values.predictions import Predictions
from kilter.values.tradeoff import Operating, Tradeoff

MOST: Final = 6  # curves that can be told apart in one figure
HALF: Final = 0.5  # by which is decided where nobody chose a threshold


def trade_off(
    judged: Predictions, labels: Sequence[str], *, thresholds: Iterable[Threshold] = ()
) -> tuple[Tradeoff, ...]:
    """The curves of each class against the rest: of two classes for the rarer one, of several labels for each.

    Nothing where no probabilities decide, or for more than 6 classes. A class of which a split has no example, or
    nothing else, has no curve.

    Args:
        judged: predictions.
        labels: names of the classes, as `Task.labels`.
        thresholds: those that were chosen; what they bring is among the points whatever else is left out.
    """
    places = cut_columns(judged, labels)
    given = None if places else class_probabilities(judged)
    if given is not None and given.shape[1] == len(labels):
        places = tuple(range(len(labels)))
    if len(places) > MOST:
        return ()
    chosen = [each for each in thresholds if each.value is not None]
    made = []
    for at in places:
        own = column(judged, at)
        if own.positive.any() and not own.positive.all():
            kept = [each.value for each in chosen if each.label == labels[at] and each.value is not None]
            made.append(_tradeoff(own, labels[at], [HALF, *kept]))
    return tuple(made)


def _tradeoff(own: Column, label: str, kept: Sequence[float]) -> Tradeoff:
    positive, score = own.positive.astype(np.int64), own.score
    ranking = rank(positive, score)
    at = thinned(ranking, keep=kept)
    columns = (ranking.threshold, ranking.recall, ranking.false_alarm_rate, ranking.precision)
    return Tradeoff(
        label=label,
        n=len(positive),
        positives=int(positive.sum()),
        points=tuple(
            Operating(threshold=threshold, recall=recall, false_alarms=false_alarms, precision=precision)
            for threshold, recall, false_alarms, precision in zip(*(of[at].tolist() for of in columns), strict=True)
        ),
        roc_auc=as_score("roc_auc", roc_auc(positive, score)),
        average_precision=as_score("average_precision", average_precision(positive, score)),
    )
