"""What a metric answers: a number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric's value on some examples, the interval it may be believed within, or why it has no value.

    `value` and `undefined` exclude each other: a number that the data do not determine (the precision of a class
    that nobody predicted) is None with its reason, never 0, 1 or not-a-number. `low` and `high` are None together:
    where there is no value, or where the examples are too few to say how far it may be off.

    `n` is the number of examples that the value rests on, which is not always the number of rows (for a recall, the
    examples of that class). `method` names how the interval was found: `wilson`, `resampling`, `bootstrap`,
    `bootstrap-t`, `delong`, `newcombe`, `t`, or `none`. `strained` says what makes it less sure than others of its
    kind: `heavy tails`, where a few examples make up most of the variance, or `rare classes`, where some have hardly
    any; it is empty where nothing does. `reading` says how it is read where that may be
    done in several ways, in words: what a mean over labels is taken over, which sequences of tags are spans.

    >>> print(Measure(value=0.75, low=0.5, high=0.9, n=20, method="wilson"))
    0.75 [0.5, 0.9]
    >>> print(Measure(undefined="class 3 was never predicted", n=20))
    undefined: class 3 was never predicted

    Raises ValueError for a value that is not finite, lies outside its interval, or stands beside a reason, and for a
    confidence outside 0 to 1.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int
    confidence: float = 0.95
    method: str = "none"
    undefined: str | None = None
    strained: str = ""
    reading: str = ""

    def __post_init__(self) -> None:
        met = f"a measure of value {self.value!r}, bounds {self.low!r} and {self.high!r}, undefined {self.undefined!r}"
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence = {self.confidence!r}: a share between 0 and 1 is legal; pass 0.95 for 95 %.")
        if (self.value is None) == (self.undefined is None):
            raise ValueError(f"{met}: a value or a reason is legal, not both or neither; pass one of the two.")
        if (self.low is None) != (self.high is None) or (self.value is None and self.low is not None):
            raise ValueError(f"{met}: both bounds or none, and none without a value, are legal; leave both out.")
        numbers = [number for number in (self.low, self.value, self.high) if number is not None]
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f"{met}: finite numbers are legal; say in `undefined` why there is no such number.")
        if numbers != sorted(numbers):
            raise ValueError(f"{met}: low <= value <= high is legal; widen the interval until it holds the value.")

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined: {self.undefined}"
        if self.low is None or self.high is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"
