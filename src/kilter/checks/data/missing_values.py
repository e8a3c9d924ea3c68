"""Cells that hold nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import missing
from kilter.checks.data.targets import without_target
from kilter.checks.wording import agreeing, counted, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MissingValues(Check[Dataset]):
    """Cells without a value, in inputs and in the target.

    **What it proves.** So many cells of a column hold nothing. Missing inputs are filled in by the preprocessing;
    rows without a target can be neither learnt nor measured.

    **How.** Empty cells, not-a-number and blank text are counted, by column and split. Where a column lacks far more
    values in one split than in training, the two were not made the same way: the difference must exceed `warn_gap`
    and `sigmas` standard errors of the difference of two shares. Texts are left to `empty-texts`, columns without
    any value to `constant-columns`, a target without any value to `nothing-to-learn`.

    **When it stays silent.** Nothing is missing. Missing inputs are a note, missing targets and gaps between splits
    a warning.

    **What it costs.** One pass over the cells.
    """

    code: ClassVar[str] = "D108"
    name: ClassVar[str] = "missing-values"
    warn_gap: float = 0.2  # between the shares of two splits
    sigmas: float = 5.0  # standard errors that the gap must exceed, beside

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        schema = subject.schema
        yield from self._targets(subject)
        lacking: dict[str, dict[str, float]] = {}
        cells = 0
        for name in schema.of_kind(Kind.NUMBER, Kind.CATEGORY):
            masks = {split: missing(subject[split].columns[name]) for split in subject}
            if any(mask.any() for mask in masks.values()) and not all(mask.all() for mask in masks.values()):
                lacking[name] = {split: float(mask.mean()) if len(mask) else 0.0 for split, mask in masks.items()}
                cells += sum(int(mask.sum()) for mask in masks.values())
        if not lacking:
            return
        gaps = [
            (name, split) for name, shares in lacking.items() for split in shares if self._gap(subject, shares, split)
        ]
        worst = max(lacking, key=lambda name: max(lacking[name].values()))
        said = f"{worst!r} most of all, {percent(max(lacking[worst].values()))}"
        if gaps:
            name, split = gaps[0]
            said = (
                f"{name!r} in {percent(lacking[name]['train'])} of train and {percent(lacking[name][split])} of {split}"
            )
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if gaps else Severity.NOTE,
            seen=f"{counted(cells, 'cell')} of {counted(len(lacking), 'input column')} "
            f"{agreeing(cells, 'holds', 'hold')} no value: {said}.",
            advice="Find out why one split lacks what another has before filling it in."
            if gaps
            else "See that a missing value is meant as unknown; the preprocessing fills it in and marks it.",
            causes=("distribution_shift", "data_anomaly") if gaps else ("data_anomaly",),
            evidence={"share missing": lacking, "gaps": gaps},
        )

    def _targets(self, subject: Dataset) -> Iterator[Finding]:
        target = subject.schema.target
        if target in {field.name for field in subject.schema.inputs}:
            return  # a text to go on with, which `empty-texts` looks at
        masks = {split: without_target(subject[split], subject.schema) for split in subject}
        rows = [str(name) for split, mask in masks.items() for name in np.array(subject[split].ids, object)[mask]]
        if not rows or masks.get("train", np.zeros(1, bool)).all():
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{counted(len(rows), 'row')} of {sum(subject.sizes.values()):,} {agreeing(len(rows), 'has', 'have')}"
            f" no target in {target!r}.",
            advice="Drop these rows, or give them their target.",
            causes=("data_anomaly", "label_noise"),
            where=shown(rows),
            evidence={"rows": {split: int(mask.sum()) for split, mask in masks.items()}},
        )

    def _gap(self, subject: Dataset, shares: dict[str, float], split: str) -> bool:
        if split == "train" or "train" not in shares or not len(subject[split]):
            return False
        here, there = len(subject[split]), len(subject["train"])
        pooled = (shares[split] * here + shares["train"] * there) / (here + there)
        error = math.sqrt(pooled * (1 - pooled) * (1 / here + 1 / there))
        gap = abs(shares[split] - shares["train"])
        return gap > self.warn_gap and gap > self.sigmas * error
