"""Lengths of time with their unit: epochs, optimizer steps, minutes, or a share of the run."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, final

UNITS: Final = {
    "ep": "epochs",
    "st": "steps",
    "s": "seconds",
    "min": "minutes",
    "h": "hours",
    "%": "percent of the run",
}
SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}
_FORM: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z%]+)\s*")


@final
@dataclass(frozen=True, slots=True)
class Duration:
    """So many epochs (`10ep`), optimizer steps (`500st`), seconds, minutes, hours (`20min`), or a share (`5%`).

    >>> Duration.read("2.5ep").steps(steps_per_epoch=40)
    100
    >>> str(Duration.read("500st"))
    '500st'
    """

    amount: float
    unit: str

    @staticmethod
    def read(text: str) -> Duration:
        """Read `10ep`, `500st`, `20min`, `1.5h`, `90s` or `5%`.

        Raises:
            ValueError: the text is none of these.
        """
        form = _FORM.fullmatch(text)
        if form is None or form[2] not in UNITS:
            legal = ", ".join(f"'10{unit}' ({word})" for unit, word in UNITS.items())
            message = f"{text!r} is no duration; legal are {legal}"
            raise ValueError(message)
        return Duration(float(form[1]), form[2])

    @property
    def is_clock(self) -> bool:
        """Whether it is measured by the clock, so that no number of steps is known ahead."""
        return self.unit in SECONDS

    @property
    def seconds(self) -> float:
        """The length in seconds, for a duration by the clock."""
        return self.amount * SECONDS[self.unit]

    def steps(self, *, steps_per_epoch: int, total: int | None = None) -> int:
        """The length in optimizer steps, rounded up; `total` is the run's, which a share needs.

        Raises:
            ValueError: a duration by the clock, or a share where no total is known.
        """
        if self.unit == "st":
            return math.ceil(self.amount)
        if self.unit == "ep":
            return math.ceil(self.amount * steps_per_epoch - 1e-9)
        if self.unit == "%" and total is not None:
            return math.ceil(self.amount / 100 * total - 1e-9)
        message = f"{self} cannot be told in steps here; use epochs ('2ep') or steps ('500st')"
        raise ValueError(message)

    def __str__(self) -> str:
        return f"{self.amount:.9f}".rstrip("0").rstrip(".") + self.unit
