"""Numbers without an end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.wording import agreeing, counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InfiniteValues(Check[Dataset]):
    """Infinite numbers in inputs or target, and pixels that are no numbers.

    **What it proves.** The mean and the standard deviation of such a column do not exist, so that scaling by them
    makes not-a-number of every row of it, and the loss with it.

    **How.** Every number of numeric columns, images and a numeric target is looked at.

    **When it stays silent.** All numbers are finite or, in columns of numbers, missing.

    **What it costs.** One pass over the numbers.
    """

    code: ClassVar[str] = "D109"
    name: ClassVar[str] = "infinite-values"

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        schema = subject.schema
        names = [*schema.of_kind(Kind.NUMBER, Kind.IMAGE), *[schema.target] * (schema.target_kind is Kind.NUMBER)]
        if not names:
            yield Skipped(name=self.name, reason="there are no numbers")
            return
        images = set(schema.of_kind(Kind.IMAGE))
        found: dict[str, int] = {}
        rows: list[str] = []
        for split in subject:
            for name in names:
                column = subject[split].columns[name]
                if column.dtype.kind != "f" or not len(column):
                    continue
                wrong = ~np.isfinite(column) if name in images else np.isinf(column)
                if wrong.any():
                    found[name] = found.get(name, 0) + int(wrong.sum())
                    rows += np.array(subject[split].ids, object)[wrong.reshape(len(wrong), -1).any(axis=1)].tolist()
        if not found:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{counted(sum(found.values()), 'number')} of {listed(found)} "
            f"{agreeing(sum(found.values()), 'is', 'are')} not finite.",
            advice="Find out where they come from (a division by zero, a number beyond the range), and leave them empty"
            " or mend them.",
            causes=("nan_in_data", "numeric_instability"),
            where=shown(list(dict.fromkeys(rows))),
            evidence={"numbers": found},
        )
