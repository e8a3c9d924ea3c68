"""Groups that were torn apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import is_blank
from kilter.checks.wording import agreeing, counted, listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOverlap(Check[Dataset]):
    """Groups (patients, documents, users) with rows in training and in a held-out split.

    **What it proves.** The held-out rows come from groups that training knows, while new data come from new groups:
    the score is too high by what can be learnt of a group.

    **How.** The values of the column that `group` names are compared between training and each other split.

    **When it stays silent.** No group stands in both; without a `group` column it is skipped.

    **What it costs.** Nothing.

    **Source.** Kapoor and Narayanan 2023, Leakage and the reproducibility crisis in machine-learning-based science,
    Patterns 4(9), type L3.2 (non-independence).
    """

    code: ClassVar[str] = "D119"
    name: ClassVar[str] = "group-overlap"

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        group = subject.schema.group
        if group is None or "train" not in subject:
            yield Skipped(name=self.name, reason="no column is named as the group of a row")
            return
        known = {cell for cell in subject["train"].columns[group].tolist() if not is_blank(cell)}
        for split in subject:
            if split == "train":
                continue
            cells = subject[split].columns[group].tolist()
            torn = np.fromiter((cell in known for cell in cells), bool, len(cells))
            if not torn.any():
                continue
            names = list(dict.fromkeys(str(cell) for cell in cells if cell in known))
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"{counted(len(names), 'group')} of {group!r} {agreeing(len(names), 'stands', 'stand')} in train"
                f" and in {split}, with {percent(float(torn.mean()))} of its rows: {listed(names)}.",
                advice="Split by group: `by: grouped` keeps the rows of one group together.",
                causes=("train_val_leak",),
                where=shown(np.array(subject[split].ids, dtype=object)[torn].tolist()),
                evidence={"split": split, "groups": len(names), "share": float(torn.mean())},
            )
