"""The same row in two splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.rows import Rows, gather
from kilter.checks.wording import agreeing, counted, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Shared(NamedTuple):
    """What one held-out split shares with training."""

    split: str
    rows: int
    shared: int  # shared rows, exactly or up to case and spaces
    exact: int  # shared exactly
    chance: float  # share of shared rows with shuffled columns
    severe: bool
    pairs: list[tuple[str, str]]  # ids of a held-out row and its twin in training

    @property
    def share(self) -> float:
        """Shared rows as a share of the split."""
        return self.shared / self.rows


def _chosen_by(rows: Rows, held_out: list[str]) -> int:
    """Test rows that stand in the validation split, and not in training."""
    if not {"valid", "test"} <= set(held_out):
        return 0
    test, train = rows.loosely[rows.of("test")], rows.loosely[rows.of("train")]
    return int((np.isin(test, rows.loosely[rows.of("valid")]) & ~np.isin(test, train)).sum())


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOverlap(Check[Dataset]):
    """Rows of the validation or test split whose inputs also stand in training.

    **What it proves.** On these rows a score measures memory, not what was learnt; up to their share it may be too
    high.

    **How.** Inputs are compared exactly and, for texts, up to case, spaces and invisible signs; the target is not
    looked at. Input columns that only name rows do not count. The ids of both sides are given.

    **When it stays silent.** No row is shared. A note rather than a warning where less than `warn_share` of the split
    is shared, or where coincidence explains it: the whole input is a word or two; every column has few values; or
    shuffling each column by itself gives nearly as many.

    It is a failure where `fail_share` of a split are texts of training: a sentence does not come twice by chance, and
    the score is mostly memory. Rows of numbers are no failure even where many are shared: measurements may repeat.

    **What it costs.** One pass over the cells: about a second for 50,000 rows of 14 columns.

    **Source.** Kapoor and Narayanan 2023, Leakage and the reproducibility crisis in machine-learning-based science,
    Patterns 4(9), type L1.4 (duplicates).
    """

    code: ClassVar[str] = "D102"
    name: ClassVar[str] = "split-overlap"
    warn_share: float = 0.005  # of the held-out split
    fail_share: float = 0.1  # of the held-out split, where its rows are texts
    by_chance: float = 3.0  # shared rows are explained where they are at most so many times those of shuffled columns
    few_values: int = 30  # distinct values a column; a table of such columns is coarse
    few_words: int = 2  # texts of at most so many words coincide

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if subject.schema.stream:
            yield Skipped(name=self.name, reason="the rows are one text, cut at equal lengths")
            return
        held_out = [split for split in subject if split != "train"]
        if "train" not in subject or not held_out:
            yield Skipped(name=self.name, reason="there are no two splits to compare")
            return
        rows = gather(subject, few_values=self.few_values, few_words=self.few_words)
        if rows is None:
            yield Skipped(name=self.name, reason="no row has an input")
            return
        shuffled = rows.shuffled()
        found = [shared for split in held_out if (shared := self._between(rows, shuffled, split)).shared]
        if not found:
            return
        parts = [
            f"{shared.shared:,} of {shared.rows:,} in {shared.split} ({percent(shared.share)})" for shared in found
        ]
        total, loosely = sum(shared.shared for shared in found), sum(shared.shared - shared.exact for shared in found)
        more = f"; {loosely:,} of them up to case and spaces" if loosely else ""
        if chosen_by := _chosen_by(rows, held_out):
            more += f"; {chosen_by:,} more of test in valid, by which the model is chosen"
        worst = max(found, key=lambda shared: shared.share)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=self._severity(subject, found),
            strength=Strength.PROVED,
            seen=f"{counted(total, 'held-out row')} also {agreeing(total, 'stands', 'stand')} in train:"
            f" {', '.join(parts)}{more}.",
            advice=f"Drop them from {worst.split}, or split so that equal rows stay together; compare the scores with"
            " and without them.",
            causes=("train_val_leak",),
            where=shown([pair[0] for shared in found for pair in shared.pairs]),
            evidence={
                shared.split: {
                    "shared": shared.shared,
                    "shared exactly": shared.exact,
                    "rows": shared.rows,
                    "share": shared.share,
                    "share with shuffled columns": shared.chance,
                    "pairs": shared.pairs,
                }
                for shared in found
            },
        )

    def _severity(self, subject: Dataset, found: list[Shared]) -> Severity:
        severe = [shared.share for shared in found if shared.severe]
        if severe and max(severe) >= self.fail_share and subject.schema.of_kind(Kind.TEXT):
            return Severity.FAILURE
        return Severity.WARNING if severe else Severity.NOTE

    def _between(self, rows: Rows, shuffled: NDArray[np.int64], split: str) -> Shared:
        train, inside = rows.of("train"), rows.of(split)
        exact = np.isin(rows.exact[inside], rows.exact[train])
        shared = exact | np.isin(rows.loosely[inside], rows.loosely[train])
        size = int(inside.sum())
        chance = float(np.isin(shuffled[inside], shuffled[train]).mean()) if size else 0.0
        telling = int((shared & rows.telling[inside]).sum())
        at = np.flatnonzero(train)
        first = np.unique(rows.loosely[at], return_index=True)
        twins = dict(zip(first[0].tolist(), at[first[1]].tolist(), strict=True))
        exactly = {int(rows.exact[row]): row for row in at[::-1]}
        rows_shared = np.flatnonzero(inside)[shared][:20].tolist()
        partners = [exactly.get(int(rows.exact[row]), twins[int(rows.loosely[row])]) for row in rows_shared]
        return Shared(
            split=split,
            rows=size,
            shared=int(shared.sum()),
            exact=int(exact.sum()),
            chance=chance,
            severe=telling >= self.warn_share * size > 0 and shared.sum() > self.by_chance * chance * size,
            pairs=[
                (str(rows.ids[row]), str(rows.ids[partner])) for row, partner in zip(rows_shared, partners, strict=True)
            ],
        )
