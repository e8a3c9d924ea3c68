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
    examples of that class). `method` names how the interval was found: `wilson`, `resampling`, `bootstrap`, `delong`,
    `newcombe`, or `none`.

    >>> print(Measure(value=0.75, low=0.5, high=0.9, n=20, method="wilson"))
    0.75 [0.5, 0.9]
    >>> print(Measure(undefined="class 3 was never predicted", n=20))
    undefined: class 3 was never predicted

    Raises ValueError for a value that is not finite, lies outside its interval, or stands beside a reason.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int
    confidence: float = 0.95
    method: str = "none"
    undefined: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.undefined is None):
            raise ValueError(
                f"a measure with value {self.value!r} and undefined {self.undefined!r}: exactly one of the two is given;"
                " pass a number, or the reason why there is none."
            )
        if (self.low is None) != (self.high is None) or (self.value is None and self.low is not None):
            raise ValueError(
                f"a measure with value {self.value!r} and bounds {self.low!r}, {self.high!r}: both bounds or neither, and"
                " none without a value; leave both out where there is no interval."
            )
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(
                f"a measure of {self.value!r}: finite numbers are legal; say in `undefined` why there is no such number."
            )
        if self.value is not None and self.low is not None and self.high is not None:
            if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.value <= self.high):
                raise ValueError(
                    f"a measure of {self.value!r} with bounds {self.low!r}, {self.high!r}: finite bounds around the value"
                    " are legal; widen the interval to hold the value."
                )

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined: {self.undefined}"
        if self.low is None or self.high is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"
