"""Rows without a word to go by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import missing
from kilter.checks.wording import agreeing, counted, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyTexts(Check[Dataset]):
    """Rows whose texts are missing, blank, or made of invisible signs.

    **What it proves.** The model is asked about nothing: it can learn the frequency of the classes from such rows, and
    a mean over no tokens is not a number.

    **How.** A row counts if all its texts are empty and no other input of it has a value.

    **When it stays silent.** Every row has some input; an optional second text may be empty. A note below
    `warn_share` of a split, a warning from there on.

    **What it costs.** One pass over the texts.
    """

    code: ClassVar[str] = "D115"
    name: ClassVar[str] = "empty-texts"
    warn_share: float = 0.005  # of a split

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if subject.schema.stream:
            yield Skipped(name=self.name, reason="the rows are one text, cut at equal lengths")
            return
        if not subject.schema.of_kind(Kind.TEXT, Kind.TOKENS):
            yield Skipped(name=self.name, reason="there are no texts")
            return
        for split in subject:
            table = subject[split]
            empty = np.ones(len(table), bool)
            for field in subject.schema.inputs:
                empty &= missing(table.columns[field.name])
            if not empty.any():
                continue
            share = float(empty.mean())
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING if share >= self.warn_share else Severity.NOTE,
                strength=Strength.PROVED,
                seen=f"{counted(int(empty.sum()), 'row')} of {len(table):,} in {split} ({percent(share)})"
                f" {agreeing(int(empty.sum()), 'has', 'have')} an empty text and no other input.",
                advice="Drop these rows, or find out where their text was lost.",
                causes=("data_anomaly", "nan_in_data"),
                where=shown(np.array(table.ids, dtype=object)[empty].tolist()),
                evidence={"split": split, "empty": int(empty.sum()), "rows": len(table), "share": share},
            )
