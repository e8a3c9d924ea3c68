"""A score: a metric's value with the interval it may be believed within."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol, final


class Measured(Protocol):
    """What any interval that was found has, whatever found it."""

    @property
    def value(self) -> float | None: ...

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...

    @property
    def n(self) -> int: ...

    @property
    def confidence(self) -> float: ...

    @property
    def method(self) -> str: ...


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
    method: str = "none"  # how the interval was found, as `metrics.measure.Measure.method`
    reading: str = ""  # where there are several: what a mean over labels is taken over, which tags are a span
    caution: str | None = None  # what simulations have shown of such an interval, where it does not hold what it says
    meant: float | None = None  # the value that is right, where neither more nor less is better: a share to be held

    @staticmethod
    def of(
        name: str,
        measured: Measured,
        *,
        larger_is_better: bool = True,
        undefined: str | None = None,
        reading: str = "",
        caution: str | None = None,
        meant: float | None = None,
    ) -> Score:
        """What was measured, under its name."""
        return Score(
            name=name,
            value=measured.value,
            low=measured.low,
            high=measured.high,
            n=measured.n,
            larger_is_better=larger_is_better,
            confidence=measured.confidence,
            undefined=undefined,
            method=measured.method,
            reading=reading,
            caution=caution,
            meant=meant,
        )

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
        if self.meant is not None:
            return abs(self.value - self.meant) < abs(other.value - self.meant)
        return self.value > other.value if self.larger_is_better else self.value < other.value

    def minus(self, other: Score) -> Score:
        """The difference to a score of other examples, with an interval for two that are independent.

        Each bound lies as far off as the two scores' own bounds on that side, squared and added (Zou and Donner 2008,
        Construction of confidence intervals about effect measures, sec. 2). Scores of the same examples are no such
        case: a paired comparison tells more of them.

        >>> train = Score(name="accuracy", value=0.95, low=0.94, high=0.96, n=2000)
        >>> print(train.minus(Score(name="accuracy", value=0.91, low=0.88, high=0.93, n=500)))
        accuracy 0.04 [0.01764, 0.07162], n = 500
        """
        cautions = dict.fromkeys(filter(None, (self.caution, other.caution)))
        joined = replace(
            self,
            value=None,
            low=None,
            high=None,
            n=min(self.n, other.n),
            method="none",
            caution=None,
            undefined=None,
            meant=None,
        )
        if self.value is None or other.value is None:
            return replace(joined, undefined=self.undefined if self.value is None else other.undefined)
        value = self.value - other.value
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return replace(joined, value=value)
        return replace(
            joined,
            value=value,
            low=value - math.hypot(self.value - self.low, other.high - other.value),
            high=value + math.hypot(self.high - self.value, other.value - other.low),
            method="squared and added",
            caution="; ".join(cautions) or None,
        )
