"""A score that counts rows which training has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.outcome import Outcome


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredOnTraining(Check[Outcome]):
    """The score of a held-out split with and without the rows whose inputs also stand in training.

    **What it proves.** What the shared rows do to the score: the one without them is of rows that nobody could have
    learnt by heart.

    **How.** The primary score of the whole split, and of the rows that training does not have, exactly or up to case
    and spaces.

    **When it stays silent.** Fewer than `note_share` of the rows are shared. It is a note, since the data audit has
    warned of the rows themselves; a warning where the score of the whole split lies above the interval of the other.

    **What it costs.** Scoring a part of the split once more.
    """

    code: ClassVar[str] = "R107"
    name: ClassVar[str] = "scored-on-training"
    note_share: float = 0.01  # of the split

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        if subject.fresh is None:
            yield Skipped(name=self.name, reason="no row of the split stands in training, or all of them do")
            return
        whole, fresh = subject.evaluation.primary, subject.fresh.primary
        shared = 1 - fresh.n / whole.n
        if shared < self.note_share:
            return
        edge = fresh.high if whole.larger_is_better else fresh.low
        flattered = edge is not None and whole.value is not None and whole.beats(fresh)
        beyond = flattered and (whole.value > edge if whole.larger_is_better else whole.value < edge)  # type: ignore[operator]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if beyond else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"On {subject.evaluation.split}: {whole}; without the {percent(shared)} of its rows that stand in"
            f" train: {fresh}.",
            advice="Quote the score without them.",
            causes=("train_val_leak",),
            evidence={"with": whole.value, "without": fresh.value, "shared": shared},
        )
