"""Texts that are far longer than all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.wording import agreeing, counted, shown
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HugeItems(Check[Dataset]):
    """Single texts that are many times as long as nearly all others.

    **What it proves.** Such a text was probably read wrongly: a quotation mark that was never closed, several records
    in one, a page with its markup. It costs the memory of many, and whatever is beyond the longest input that a model
    takes is cut off unseen.

    **How.** Characters of a text (words, where it was cut already) against the length that `most` of its column do
    not exceed, over all splits.

    **When it stays silent.** None is longer than `times` that length. It is a note: a rare long text may be genuine.

    **What it costs.** One pass over the lengths.
    """

    code: ClassVar[str] = "D124"
    name: ClassVar[str] = "huge-items"
    most: float = 0.99  # of the texts of a column
    times: float = 10.0  # the length that so many do not exceed
    fewest: int = 100  # texts of a column below which no length is unusual

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        names = subject.schema.of_kind(Kind.TEXT, Kind.TOKENS)
        if not names:
            yield Skipped(name=self.name, reason="there are no texts")
            return
        ids = np.array([name for split in subject for name in subject[split].ids], dtype=object)
        for name in names:
            cells = [cell for split in subject for cell in subject[split].columns[name].tolist()]
            lengths = np.array([len(cell) if cell else 0 for cell in cells])
            if len(lengths) < self.fewest:
                continue
            usual = float(np.quantile(lengths, self.most))
            huge = np.flatnonzero(lengths > self.times * max(usual, 1.0))
            if not len(huge):
                continue
            huge = huge[np.argsort(-lengths[huge], kind="stable")]
            unit = "words" if isinstance(cells[int(huge[0])], tuple) else "characters"
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.NOTE,
                seen=f"{counted(len(huge), 'text')} of {name!r} {agreeing(len(huge), 'is', 'are')} more than"
                f" {self.times:g} times as long as {100 * self.most:g} % of all: up to {lengths[huge[0]]:,} {unit},"
                f" where those have {usual:,.0f} at most.",
                advice="Look at them: a quotation mark that was never closed, several records in one, markup; or cut"
                " them where their meaning ends.",
                causes=("data_anomaly", "truncated_inputs"),
                where=shown(ids[huge].tolist()),
                evidence={"column": name, "longest": int(lengths[huge[0]]), "usual": usual, "huge": len(huge)},
            )
