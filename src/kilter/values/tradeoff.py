"""What each threshold of one class's probability brings, and what it lets through: behind ROC and precision-recall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.score import Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """What is decided where a probability of at least this threshold decides.

    Attributes:
        threshold: the lowest probability that is let through.
        recall: the share of positives let through.
        false_alarms: the share of negatives let through.
        precision: the share of positives among those let through.
    """

    threshold: float
    recall: float
    false_alarms: float
    precision: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tradeoff:
    """One class against all else on one split, at every threshold that can be told apart in a figure.

    Attributes:
        label: the class.
        n: examples.
        positives: those of the class.
        points: from the highest threshold down; the last lets all through.
        roc_auc: the area below the curve of recall over false alarms.
        average_precision: the precision at each threshold, averaged by the recall it adds.
    """

    label: str
    n: int
    positives: int
    points: tuple[Operating, ...]
    roc_auc: Score
    average_precision: Score

    @property
    def share(self) -> float:
        """The share of positives: the precision of a score that knows nothing."""
        return self.positives / self.n

    def at(self, threshold: float) -> Operating | None:
        """What a threshold brings; None where it lets nothing through."""
        through = [point for point in self.points if point.threshold >= threshold]
        return through[-1] if through else None
