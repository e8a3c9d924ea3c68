"""Classes of which there are too few rows to learn them or to measure them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.data.labels import counts_labels, counts_of, label_sets
from kilter.checks.data.targets import each_target
from kilter.checks.wording import agreeing, counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RareLabels(Check[Dataset]):
    """Classes with a handful of rows in training.

    **What it proves.** So few rows of a class are there; a class with one row cannot stand in training and in a test,
    and no stratified split of it exists.

    **How.** Rows of the training split are counted by label; where a row has several labels, or a tag for each word,
    it counts for each of them.

    **When it stays silent.** Each class has `few` rows or more. A note below, a warning below `warn`.

    **What it costs.** Nothing.
    """

    code: ClassVar[str] = "D105"
    name: ClassVar[str] = "rare-labels"
    few: int = 10  # rows of a class in training
    warn: int = 3  # rows of a class in training

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if not counts_labels(subject.schema) or "train" not in subject:
            yield Skipped(name=self.name, reason="the target has no labels, or there is no training split")
            return
        counts = counts_of(subject["train"], subject.schema.target)
        rare = {label: count for label, count in sorted(counts.items(), key=lambda item: item[1]) if count < self.few}
        if not rare:
            return
        fewest = min(rare.values())
        labels = label_sets(subject["train"], subject.schema.target)
        rows = [name for name, own in zip(subject["train"].ids, labels, strict=True) if own & rare.keys()]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if fewest < self.warn else Severity.NOTE,
            seen=f"{counted(len(rare), 'class')} of {len(counts)} {agreeing(len(rare), 'has', 'have')} fewer than"
            f" {self.few} rows in train, the rarest {counted(fewest, 'row')}: {listed(rare)}.",
            advice="Gather more rows of them, join them with a class they belong to, or leave them out.",
            causes=("too_little_data", "imbalance_zero_recall"),
            where=shown(rows),
            evidence={"rows in train": rare},
        )
