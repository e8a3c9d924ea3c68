"""Comparisons of two models on the same examples: one value joins difference, test, correction, design and effort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.score import Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What was spent on a model before it was compared, over all settings that were tried.

    Attributes:
        trials: settings that were tried and judged on validation; 1 where nothing was chosen, 0 where a model has none.
        steps: optimizer steps, or rounds of fitting; None where they cannot be counted.
        seconds: of fitting and choosing; None where nobody measured.
    """

    trials: int = 1
    steps: int | None = None
    seconds: float | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """What a comparison could have shown at all.

    Attributes:
        difference: the smallest true difference that it establishes in so large a share of all test sets; None where it
            could establish none, however large.
        power: that share.
        level: of the test, two-sided.
        n: examples, or clusters of them.
        seeds: trainings on each side.
        assumed: what was assumed of the variance, in words.
    """

    difference: float | None
    power: float = 0.8
    level: float = 0.05
    n: int
    seeds: int = 1
    assumed: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dominance:
    """Almost stochastic order of scores over seeds (Dror, Shlomov and Reichart 2019).

    Attributes:
        ratio: of violation, as these seeds have it; 0 where left is better throughout, 1 where right is.
        bound: the smallest ratio that is established at the level; below .5 left dominates.
        spread: standard deviation of the bound over repetitions of its Monte-Carlo draw.
        level: of the bound.
        left_seeds: trainings on the left.
        right_seeds: trainings on the right.
    """

    ratio: float
    bound: float
    spread: float
    level: float
    left_seeds: int
    right_seeds: int


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
    compared: int = 1  # comparisons that were made together, this one among them
    clusters: int | None = None  # groups of examples that depend on each other, where these were resampled as wholes
    detectable: Detectable | None = None
    left_effort: Effort | None = None
    right_effort: Effort | None = None
    dominance: Dominance | None = None  # where both sides have several seeds

    @property
    def p(self) -> float:
        """The p-value that judges: the corrected one where several comparisons were made together."""
        return self.p_value if self.adjusted_p_value is None else self.adjusted_p_value

    @property
    def winner(self) -> str | None:
        """The model that is better beyond the interval of the difference and by the test; None where nothing is shown.

        The test has the level that belongs to the interval, such as 5 % for 95 %, after correction.
        """
        low, high = self.difference.low, self.difference.high
        if self.p > round(1 - self.difference.confidence, 12):
            return None
        if low is not None and low > 0:
            return self.left
        if high is not None and high < 0:
            return self.right
        return None

    def __str__(self) -> str:
        verdict = f"{self.winner} is better" if self.winner else "no difference is established"
        pair = f"{self.left} against {self.right} on {self.split}"
        return f"{pair}: difference in {self.difference}; {self.test}, {self._p()}: {verdict}"

    def _p(self) -> str:
        if self.adjusted_p_value is None or self.compared < 2:
            return f"p = {self.p_value:.3g}"
        return f"p = {self.p:.3g} ({self.correction} for {self.compared})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"
