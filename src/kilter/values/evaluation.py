"""Evaluations: scores that carry their intervals, and what lies behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.calibration import Calibration, Threshold
from kilter.values.score import Score
from kilter.values.tradeoff import Tradeoff


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """The scores of one class."""

    label: str
    support: int
    scores: tuple[Score, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts of (truth, decision): `counts[i][j]` examples of class i were taken for class j."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What a task measures of predictions: its scores, the primary one first, and what lies behind them."""

    scores: tuple[Score, ...]
    classes: tuple[ClassScores, ...] = ()
    confusion: Confusion | None = None

    @property
    def primary(self) -> Score:
        """The score that decides."""
        return self.scores[0]

    def __getitem__(self, name: str) -> Score:
        for score in self.scores:
            if score.name == name:
                return score
        raise KeyError(name)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A prediction that was costly, with the input it was made on."""

    id: str
    inputs: str  # the input as a person reads it, shortened
    target: str
    decided: str
    cost: float  # the example's loss
    confidence: float | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Examples that have something in common, on which a model does worse than on the others.

    Attributes:
        name: what they have in common, in short.
        said: the same as a clause, for a sentence.
        n: how many there are.
        inside: the score of these examples.
        outside: the score of all others.
        lost: the share of everything that the model lost (its errors, or the loss of its examples) that lies here.
        p_value: how often chance would part the two so, corrected for all slices that were looked at.
        examples: ids of the worst of them.
        masked: its name with lengths in the place of what it quotes from the data; empty where it quotes nothing.
        asked: whether somebody asked for it, in which case it need not be worse than the rest.
    """

    name: str
    said: str
    n: int
    inside: Score
    outside: Score
    lost: float
    p_value: float
    examples: tuple[str, ...] = ()
    masked: str = ""
    asked: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The weights as the best of the evaluations of their training, and what that choice adds to the score.

    Attributes:
        metric: that chose, such as "valid.loss".
        value: its best value.
        evaluations: how many there were to choose from.
        close: those that the rows do not tell from the best, which is one of them.
        optimism: by how much the best value is better than the truth at the most, from being chosen: as if all that are
            close were equally good.
    """

    metric: str
    value: float
    evaluations: int
    close: int
    optimism: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One model on one split."""

    model: str
    split: str
    measures: Measures
    mistakes: tuple[Mistake, ...] = ()
    slices: tuple[Slice, ...] = ()  # where it does worse than elsewhere, the clearest first; then those asked for
    calibration: Calibration | None = None  # where classes are decided by probabilities
    thresholds: tuple[Threshold, ...] = ()  # chosen on validation, where one of two classes is decided
    tradeoffs: tuple[Tradeoff, ...] = ()  # the curves of ROC and of precision and recall, where probabilities decide
    chosen: Chosen | None = None  # on the rows by which the step of the weights was chosen

    @property
    def primary(self) -> Score:
        """The score that decides."""
        return self.measures.primary

    @property
    def scores(self) -> tuple[Score, ...]:
        """All scores, the primary one first."""
        return self.measures.scores

    def __getitem__(self, name: str) -> Score:
        return self.measures[name]

    def __str__(self) -> str:
        return f"{self.model} on {self.split}: " + "; ".join(str(score) for score in self.scores)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<li>{escape(str(score))}</li>" for score in self.scores)
        return f"<p><b>{escape(self.model)}</b> on {escape(self.split)}</p><ul>{rows}</ul>"
