"""Evaluations: scores that carry their intervals, and comparisons of two models on the same examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A metric's value with its interval; where it is undefined, the reason stands instead.

    >>> print(Score(name="accuracy", value=0.91, low=0.88, high=0.93, n=500))
    accuracy 0.91 [0.88, 0.93], n = 500
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    larger_is_better: bool = True
    confidence: float = 0.95
    undefined: str | None = None

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name} undefined ({self.undefined}), n = {self.n}"
        if self.low is None or self.high is None:
            return f"{self.name} {self.value:.4g}, n = {self.n}"
        return f"{self.name} {self.value:.4g} [{self.low:.4g}, {self.high:.4g}], n = {self.n}"

    def beats(self, other: Score) -> bool:
        """Whether the value is better than the other's, whatever the intervals say."""
        if self.value is None or other.value is None:
            return other.value is None and self.value is not None
        return self.value > other.value if self.larger_is_better else self.value < other.value


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
    """

    name: str
    said: str
    n: int
    inside: Score
    outside: Score
    lost: float
    p_value: float
    examples: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One model on one split."""

    model: str
    split: str
    measures: Measures
    mistakes: tuple[Mistake, ...] = ()
    slices: tuple[Slice, ...] = ()  # where it does worse than elsewhere, the clearest first

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


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models on the same examples: the difference with its interval, and the test that judged it.

    `difference` is `left` minus `right` in the merit of the task, so that above 0 means that `left` is better.
    """

    left: str
    right: str
    split: str
    difference: Score
    p_value: float
    test: str
    adjusted_p_value: float | None = None  # corrected for all comparisons made together
    correction: str | None = None

    @property
    def winner(self) -> str | None:
        """The model that is better beyond the interval of the difference; None where that is not established."""
        low, high = self.difference.low, self.difference.high
        if low is not None and low > 0:
            return self.left
        if high is not None and high < 0:
            return self.right
        return None

    def __str__(self) -> str:
        verdict = f"{self.winner} is better" if self.winner else "no difference is established"
        pair = f"{self.left} against {self.right} on {self.split}"
        return f"{pair}: difference in {self.difference}; {self.test}, p = {self.p_value:.3g}: {verdict}"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"
