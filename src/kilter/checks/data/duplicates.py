"""The same row twice in a split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.rows import Rows, gather
from kilter.checks.wording import agreeing, counted, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Copies(NamedTuple):
    """What was found in one split."""

    split: str
    rows: int
    copies: int  # copies, exactly and with the same target
    loosely: int  # copies up to case and spaces
    largest: int  # how often the most frequent row stands there
    chance: float  # share of copies with shuffled columns
    severe: bool
    ids: list[str]

    @property
    def share(self) -> float:
        """Copies as a share of the split; those up to case and spaces where there are no others."""
        return (self.copies or self.loosely) / self.rows


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRows(Check[Dataset]):
    """Rows with the same inputs and the same target, within one split.

    **What it proves.** So many rows of the split are copies: the training counts their examples several times, and a
    test made of them measures fewer examples than it says, so that its intervals are too narrow.

    **How.** Inputs and target are compared exactly; input columns that only name rows (see `identifier-columns`) do
    not count. Copies of texts that differ in case or spaces only are counted beside, and are a note by themselves.

    **When it stays silent.** No copies. A note rather than a warning where coincidence explains them: the whole input
    is a word or two; every column has few values; or shuffling each column by itself gives nearly as many copies.
    Otherwise a warning from `warn_share` of a split on, and a note below.

    **What it costs.** One pass over the cells: about a second for 50,000 rows of 14 columns.

    **Source.** Duplicates in training data are memorised, and those between splits inflate scores: Lee et al. 2022,
    Deduplicating training data makes language models better (ACL).
    """

    code: ClassVar[str] = "D101"
    name: ClassVar[str] = "duplicate-rows"
    warn_share: float = 0.1  # copies as a share of the split
    by_chance: float = 3.0  # copies are explained where they are at most so many times those of shuffled columns
    few_values: int = 30  # distinct values a column; a table of such columns is coarse
    few_words: int = 2  # texts of at most so many words coincide

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if subject.schema.stream:
            yield Skipped(name=self.name, reason="the rows are one text, cut at equal lengths")
            return
        rows = gather(subject, few_values=self.few_values, few_words=self.few_words)
        if rows is None:
            yield Skipped(name=self.name, reason="no row has an input")
            return
        shuffled = rows.shuffled()
        found = [copies for split in rows.splits if (copies := self._within(rows, shuffled, split)).loosely]
        if not found:
            return
        total, loosely = sum(copies.copies for copies in found), sum(copies.loosely for copies in found)
        parts = [
            f"{copies.copies or copies.loosely:,} of {copies.rows:,} in {copies.split} ({percent(copies.share)})"
            for copies in found
            if copies.copies or not total
        ]
        same = "with the same target" if total else "with the same target, but for case and spaces"
        more = f"; {loosely - total:,} more do so but for case and spaces" if loosely > total > 0 else ""
        largest = max(copies.largest for copies in found)
        severe = any(copies.severe for copies in found)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if severe else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(total or loosely, 'row')} {agreeing(total or loosely, 'repeats', 'repeat')} an earlier row"
            f" of the split {same}: {', '.join(parts)}; the most frequent row stands there"
            f" {counted(largest, 'time')}{more}.",
            advice="Drop the copies, or give one row the weight of all, unless each of them was observed by itself.",
            causes=("data_anomaly",),
            where=shown([name for copies in found for name in copies.ids]),
            evidence={
                copies.split: {
                    "copies": copies.copies,
                    "copies up to case and spaces": copies.loosely,
                    "rows": copies.rows,
                    "share with shuffled columns": copies.chance,
                    "largest group": copies.largest,
                }
                for copies in found
            },
        )

    def _within(self, rows: Rows, shuffled: NDArray[np.int64], split: str) -> Copies:
        inside = rows.of(split)
        exact = _pairs(rows.exact, rows.target)[inside]
        repeated, loosely = _repeated(exact), _repeated(_pairs(rows.loosely, rows.target)[inside])
        chance = float(_repeated(_pairs(shuffled, rows.target)[inside]).mean()) if inside.any() else 0.0
        telling = int((repeated & rows.telling[inside]).sum())
        count, size = int(repeated.sum()), int(inside.sum())
        return Copies(
            split=split,
            rows=size,
            copies=count,
            loosely=int(loosely.sum()),
            largest=int(np.unique(exact, return_counts=True)[1].max(initial=0)),
            chance=chance,
            severe=telling >= self.warn_share * size > 0 and count > self.by_chance * chance * size,
            ids=rows.ids[inside][repeated if count else loosely].tolist(),
        )


def _pairs(inputs: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each pair of inputs and target."""
    return inputs * (int(target.max(initial=0)) + 2) + target + 1


def _repeated(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which entries stand there for the second time or more."""
    again = np.ones(len(numbers), bool)
    again[np.unique(numbers, return_index=True)[1]] = False
    return again
