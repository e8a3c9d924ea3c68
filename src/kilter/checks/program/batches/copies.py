"""Training rows that are copies of a few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.rows import fingerprints
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Copies(ProgramProbe):
    """Training rows are as different from each other as validation rows are.

    **What it proves.** A few rows stand in training again and again, where those of validation hardly repeat: a join
    multiplied them, a file was read several times, or an index picks the same ones. The training set is smaller than
    it looks.

    **How.** Different rows are counted in both splits, and in two epochs of training.

    **When it stays silent.** At least `different` of the training rows are different, or validation rows repeat, too,
    as rows of few values do; or the second epoch has other repetitions, as a sampler draws them that balances classes.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** Lee et al. 2022, Deduplicating training data makes language models better (ACL).
    """

    code: ClassVar[str] = "B126"
    name: ClassVar[str] = "few-different-rows"
    different: float = 0.3  # of the training rows; drawing with replacement alone leaves .63
    usual: float = 0.8  # of the validation rows that are different
    fewest: int = 100  # rows

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        rows = [
            None if part is None or not part.batches else fingerprints(bench, part)
            for part in (read.train, read.again, read.valid)
        ]
        train, again, valid = rows
        if train is None or again is None or valid is None or len(train) < self.fewest:
            yield Skipped(name=self.name, reason="there are too few rows to compare in two epochs and in validation")
            return
        own, usual = len(np.unique(train)) / len(train), len(np.unique(valid)) / len(valid)
        drawn_anew = len(train) != len(again) or not np.array_equal(np.sort(train), np.sort(again))
        if own >= self.different or usual < self.usual or drawn_anew:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            causes=("data_anomaly", "too_little_data"),
            seen=f"Only {percent(own)} of {len(train):,} training rows are different ones; of validation it is"
            f" {percent(usual)}.",
            advice="Look where rows are read, joined and indexed.",
            evidence={"different": own, "in_validation": usual, "rows": len(train)},
            follows=("one-input",),
        )
