"""Training rows enough for what is to be learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.references import LEARNERS, least_squares, transferred
from kilter.checks.program.batches.relations import pairs
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LittleData(ProgramProbe):
    """Training has enough rows.

    **What it proves.** There are so few training rows that cheap learners do much better once rows of validation are
    added to what they are taught: more rows would help more than anything else.

    **How.** The learners are asked about one half of validation, taught on the training rows alone and then on these
    and the other half; both halves in turn.

    **When it stays silent.** There are more than `plenty` rows, or more than `each` of every class; or the added rows
    gain less than `gain` and what chance allows.

    **What it costs.** Some fits of cheap learners, only where rows are few.

    **Source.** Humbatova, Jahangirova and Tonella 2021, DeepCrime (ISSTA), removed training data.
    """

    code: ClassVar[str] = "B114"
    name: ClassVar[str] = "little-data"
    plenty: int = 200  # rows: cheap learners are near their best by then, and more rows would be asked for everywhere
    each: int = 15  # rows of a class
    gain: float = 0.12  # of the way from a constant answer to perfection

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        both = pairs(bench)
        if both is None or not given(bench).train.whole:
            yield Skipped(name=self.name, reason="inputs and targets of a whole epoch are not seen")
            return
        rows = len(both.train_rows)
        most = self.plenty if not both.classes else min(self.plenty, self.each * both.train_targets.shape[1])
        if rows < 2 or rows > most or len(both.valid_rows) < max(40, rows / 2):  # else nothing that could be added
            return
        learners = LEARNERS if both.numeric else (least_squares,)
        order = np.random.default_rng(0).permutation(len(both.valid_rows))
        alone: list[float] = []
        more: list[float] = []
        for held, added in ((order[::2], order[1::2]), (order[1::2], order[::2])):
            rows_more = np.concatenate([both.train_rows, both.valid_rows[added]])
            targets_more = np.concatenate([both.train_targets, both.valid_targets[added]])
            for rows_taught, targets_taught, into in (
                (both.train_rows, both.train_targets, alone),
                (rows_more, targets_more, more),
            ):
                into.append(
                    transferred(
                        rows_taught,
                        targets_taught,
                        both.valid_rows[held],
                        both.valid_targets[held],
                        classes=both.classes,
                        learners=learners,
                    )
                )
        before, after = float(np.mean(alone)), float(np.mean(more))
        if after - before < self.gain + 0.5 / np.sqrt(len(order)) or after < 0.3:  # nothing that could be learnt
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("too_little_data", "overfitting"),
            seen=f"Cheap learners taught on the {counted(rows, 'training row')} reach {before:.2f} of the way to"
            f" perfection on validation; with {len(order) // 2} rows of validation added, {after:.2f}.",
            advice="Get more training rows: move some over from validation, collect or augment.",
            follows=(
                "classes-missing",
                "split-by-class",
                "label-relation",
                "preprocessing-differs",
                "input-noise",
                "inputs-differ",
                "one-input",
            ),
            evidence={"rows": rows, "alone": before, "with_more": after, "added": len(order) // 2},
        )
