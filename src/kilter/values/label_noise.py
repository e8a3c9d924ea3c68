"""Examples whose label is probably wrong, and how many there may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.score import Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An example whose label is probably wrong."""

    id: str
    inputs: str  # the input as a person reads it, shortened
    given: str  # the label as it stands
    likely: str  # the label that it probably should have
    given_probability: float  # of a model that has not seen the example
    likely_probability: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelNoise:
    """What models that had not seen an example say of its label.

    Attributes:
        suspects: the most suspicious first.
        rate: the estimated share of wrong labels, with its interval and what that does not tell.
        agreement: the share of labels that the models answer, each of examples that it has not seen.
        answered_by: the name of the model, or `network`.
        found_by: `confident learning` or `cleanlab`.
        folds: how many models were fitted.
        unjudged: how many examples of each class were not judged, since the class has fewer of them than folds.
    """

    suspects: tuple[Suspect, ...]
    rate: Score
    agreement: Score
    answered_by: str
    found_by: str
    folds: int
    unjudged: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        return f"{len(self.suspects):,} of {self.rate.n:,} labels are suspect; {self.rate}; {self.agreement}"
