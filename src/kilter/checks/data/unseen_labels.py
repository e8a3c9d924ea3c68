"""Labels that one split has and another has not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.data.labels import counts_by_split, counts_labels, label_sets
from kilter.checks.data.targets import each_target
from kilter.checks.wording import agreeing, counted, listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenLabels(Check[Dataset]):
    """Labels of the validation or test split that training never shows, and the reverse.

    **What it proves.** A row whose label does not occur in training is always answered wrongly, so that its share is
    lost to every model; a class without test rows has no recall.

    **How.** The sets of labels of the splits are compared; of tags, their types.

    **When it stays silent.** All splits have the same labels. Labels that only training has are a note. It is a failure
    where `fail_share` of the rows of a split are lost: a score that cannot reach its best value measures the split.

    **What it costs.** Nothing.
    """

    code: ClassVar[str] = "D106"
    name: ClassVar[str] = "unseen-labels"
    fail_share: float = 0.05  # of the rows of a held-out split

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        held_out = [split for split in subject if split != "train"]
        if not counts_labels(subject.schema) or "train" not in subject or not held_out:
            yield Skipped(name=self.name, reason="there are no labels, or no two splits to compare")
            return
        counts = counts_by_split(subject)
        for split in held_out:
            unseen = {label: counts[split][label] for label in sorted(counts[split].keys() - counts["train"].keys())}
            if unseen:
                yield self._unseen(subject, split, unseen)
            absent = {label: counts["train"][label] for label in sorted(counts["train"].keys() - counts[split].keys())}
            if absent:
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.NOTE,
                    strength=Strength.PROVED,
                    seen=f"{counted(len(absent), 'label')} of train never"
                    f" {agreeing(len(absent), 'occurs', 'occur')} in {split}: {listed(absent)}.",
                    advice=f"Read no score of these classes from {split}; split by strata if they should be measured.",
                    causes=("too_little_data", "unshuffled_split"),
                    evidence={"split": split, "rows in train": absent},
                )

    def _unseen(self, subject: Dataset, split: str, unseen: dict[str, int]) -> Finding:
        table = subject[split]
        labels = label_sets(table, subject.schema.target)
        rows = [name for name, own in zip(table.ids, labels, strict=True) if own & unseen.keys()]
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if len(rows) >= self.fail_share * len(table) else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{counted(len(unseen), 'label')} of {split} never"
            f" {agreeing(len(unseen), 'occurs', 'occur')} in train: {listed(unseen)};"
            f" {counted(len(rows), 'row')} of {len(table):,} ({percent(len(rows) / len(table))}) can only be answered"
            " wrongly.",
            advice="Put rows of these classes into training, or leave them out of what is measured.",
            causes=("unshuffled_split", "distribution_shift", "label_noise"),
            where=shown(rows),
            evidence={"split": split, "rows": unseen, "share": len(rows) / len(table)},
        )
