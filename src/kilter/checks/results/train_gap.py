"""A model that knows its training rows far better than others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.outcome import Outcome
from kilter.values.score import Score


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainGap(Check[Outcome]):
    """The score on the training rows is far better than the one on held-out rows.

    **What it proves.** Part of what was learnt holds for the training rows only: the two intervals lie apart, and the
    gap is `note_gap` or more of the room that the held-out score leaves.

    **How.** The primary score of both evaluations; for scores with a best value of 1, the gap is told as a share of
    what the held-out score lacks of it, and for errors as a share of the held-out error.

    **When it stays silent.** No evaluation of the training rows is at hand, the intervals overlap, or the gap is
    small. It is a note, since a network that generalises well fits its training rows, too; a warning where the
    training rows are nearly all right and the held-out score lacks more than `warn_lack`.

    **What it costs.** Nothing.
    """

    code: ClassVar[str] = "R105"
    name: ClassVar[str] = "train-gap"
    note_gap: float = 0.3  # of the room that the held-out score leaves
    warn_lack: float = 0.3  # what the held-out score lacks of 1, where training lacks less than a tenth of that

    def examine(self, subject: Outcome) -> Iterator[Finding | Skipped]:
        if subject.train is None:
            yield Skipped(name=self.name, reason="the training rows were not evaluated")
            return
        ours, train = subject.evaluation.primary, subject.train.primary
        if ours.value is None or train.value is None or not train.beats(ours) or not _apart(ours, train):
            return
        room = 1 - ours.value if ours.larger_is_better else ours.value
        gap = abs(train.value - ours.value)
        if room <= 0 or gap < self.note_gap * room:
            return
        known = room - gap < 0.1 * room
        severe = ours.larger_is_better and known and room > self.warn_lack
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if severe else Severity.NOTE,
            seen=f"On train: {train}; on {subject.evaluation.split}: {ours}.",
            advice="Regularise (dropout, weight decay, augmentation), take a smaller model, or gather more data.",
            causes=("overfitting", "too_little_data", "distribution_shift"),
            evidence={"train": train.value, "held out": ours.value, "gap": gap},
        )


def _apart(left: Score, right: Score) -> bool:
    """Whether two intervals do not overlap; without intervals, whether the values differ."""
    if left.low is None or left.high is None or right.low is None or right.high is None:
        return left.value != right.value
    return left.low > right.high or right.low > left.high
