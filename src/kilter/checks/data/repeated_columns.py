"""Two columns that say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import codes
from kilter.checks.data.identity import identifiers
from kilter.checks.wording import agreeing, counted
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedColumns(Check[Dataset]):
    """Input columns that are the same, or one a renaming of the other.

    **What it proves.** The second column adds nothing: each of its values goes with one value of the first, and the
    other way round, in every row of training. Weights of linear models and importances are shared between the two.

    **How.** Values are numbered in the order in which they first appear; two columns that get the same numbers say
    the same. Amounts that hardly ever repeat must also have the same order, from below or from above.

    **When it stays silent.** No two columns do, or fewer than `fewest_values` values make it a coincidence; columns
    that name rows agree of necessity and are left to `identifier-columns`. It is a note: the training is not harmed.

    **What it costs.** One pass over the cells.
    """

    code: ClassVar[str] = "D111"
    name: ClassVar[str] = "repeated-columns"
    fewest_values: int = 2  # distinct values of a column
    fewest_rows: int = 20  # rows below which two columns agree by chance

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        names = subject.schema.of_kind(Kind.NUMBER, Kind.CATEGORY)
        if len(names) < 2 or "train" not in subject or len(subject["train"]) < self.fewest_rows:
            yield Skipped(name=self.name, reason=f"there are no two columns, or fewer than {self.fewest_rows} rows")
            return
        train = subject["train"]
        naming = identifiers(subject.schema, train)
        groups: dict[bytes, list[str]] = {}
        for name in names:
            column = train.columns[name]
            numbers = _in_order_of_appearance(codes(column))
            if name in naming or int(numbers.max()) + 1 < self.fewest_values:
                continue
            if 2 * int(numbers.max()) >= len(column) and column.dtype.kind == "f":  # most values occur once
                numbers = _up_to_scale(column)
            groups.setdefault(numbers.tobytes(), []).append(name)
        same = [group for group in groups.values() if len(group) > 1]
        if not same:
            return
        more = sum(len(group) - 1 for group in same)
        said = "; ".join(" = ".join(repr(name) for name in group) for group in same[:5])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(more, 'input column')} of {len(names)} only"
            f" {agreeing(more, 'repeats', 'repeat')} another one, value for value: {said}.",
            advice="Keep one of each.",
            causes=("data_anomaly",),
            where=tuple(name for group in same for name in group[1:]),
            evidence={"same": same},
        )


def _up_to_scale(column: NDArray[np.generic]) -> NDArray[np.int64]:
    """The ranks of numbers (n,), from below or from above, whichever is the smaller list; missing ones are one more."""
    ranks = codes(column)
    return min(ranks, ranks.max() - ranks, key=lambda found: found.tolist())


def _in_order_of_appearance(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.reshape(-1)].astype(np.int64)
