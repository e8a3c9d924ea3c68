"""Every example has the same input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, final

import numpy as np

from kilter.checks.program.batches.given import Read, given, named
from kilter.checks.program.batches.rows import distinct_rows, fingerprints
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength

_FEWEST: Final = 8
"""Rows below which equal ones are no news."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OneInput(ProgramProbe):
    """Examples have inputs of their own.

    **What it proves.** A loader gives the same input, or one of a few, for every example, while targets differ: an
    index that is not used, a cached item, a file opened once. Nothing can then be learnt but the mean of the targets.

    **How.** Different rows of all inputs together are counted over an epoch. A handful (`few`) in many rows is too
    few where the other split has many different ones.

    **When it stays silent.** Inputs differ, as far as they do in the other split; one of several inputs that is
    constant is nobody's business.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** Ben Braiek and Khomh 2023, TheDeepChecker (TOSEM), data dependency.
    """

    code: ClassVar[str] = "B102"
    name: ClassVar[str] = "one-input"
    few: float = 0.1  # of the other split's share of different rows

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        counted_rows = {}
        splits = {"training": read.train, "validation": read.valid}
        for split, given_rows in splits.items():
            prints = None if given_rows is None else fingerprints(bench, given_rows)
            if prints is not None and len(prints) >= _FEWEST:
                counted_rows[split] = (distinct_rows(prints), len(prints))
        if not counted_rows:
            yield Skipped(name=self.name, reason="inputs are not rows of a batch")
            return
        shares = {split: distinct / rows for split, (distinct, rows) in counted_rows.items()}
        for split, (distinct, rows) in counted_rows.items():
            other = max((share for name, share in shares.items() if name != split), default=0.0)
            alone = distinct == 1 and self._targets_differ(bench, splits[split])
            few = distinct <= 0.25 * rows and shares[split] < self.few * other and other > 0.5
            if not alone and not few:
                continue
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE,
                strength=Strength.PROVED if alone else Strength.MEASURED,
                causes=("constant_input",),
                seen=f"{counted(rows, f'{split} row')} {'have' if rows > 1 else 'has'}"
                f" {counted(distinct, 'different input')}"
                f"{'' if alone else f', where of the other split {other:.0%} are different'}.",
                advice="Let the data set's `__getitem__` use its index, and look at what it returns for two of them.",
                where=tuple(named(path) for path in bench.roles.inputs),
                evidence={"split": split, "rows": rows, "different": distinct, "share_of_other_split": other},
            )
            return

    def _targets_differ(self, bench: Bench, rows: Read | None) -> bool:
        joined = [] if rows is None else [rows.joined(path) for path in bench.roles.targets]
        return any(t is not None and len(np.unique(t.reshape(len(t), -1).numpy(), axis=0)) > 1 for t in joined)
