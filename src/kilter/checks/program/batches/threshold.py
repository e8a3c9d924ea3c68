"""The number from which on a person's validation says yes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, final

from kilter.checks.program.batches.played import SURE, WRONG_OUTPUTS, Script, play, stage
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind, OutputKind

_HALVINGS: Final = 7
"""Of the 12 logits in which a threshold is looked for: a tenth of one is left."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(ProgramProbe):
    """Yes or no is decided where answers are even.

    **What it proves.** Validation calls answers "yes" from a number on that is none of indifference: logits are
    compared with a half, probabilities with nought, or the threshold is near one of the ends.

    **How.** Validation is run as its author wrote it while the model's answers are exchanged for ones that lie a little
    above and below a number; where the metric is perfect, the threshold lies between.

    **When it stays silent.** Answers just above and below a half (nought, as logits) are told apart; a threshold
    between `low` and `high` may have been chosen and is a note.

    **What it costs.** Two runs of validation, eight more where the first ones differ.

    **Source.** PyTorch forum and documentation: `BCEWithLogitsLoss` takes logits, which a half does not halve.
    """

    code: ClassVar[str] = "B120"
    name: ClassVar[str] = "threshold-misplaced"
    low: float = 0.15  # as probabilities; thresholds chosen on validation lie between, but for very rare classes
    high: float = 0.85  # the same for very common ones
    lost: float = 0.05  # of the metric, between sure and unsure answers
    right: float = 0.95  # the metric of right answers, if it is one of decisions

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        ready = stage(bench) if bench.program.task in (Kind.CLASSIFICATION, Kind.MULTILABEL) else "nothing is decided"
        if isinstance(ready, str):
            yield Skipped(name=self.name, reason=ready)
            return
        made, kind = ready

        def metric(about: float, sure: float) -> float | None:
            played = play(bench, made, Script(right=lambda _: True, about=about, sure=sure), kind)
            return None if played is None or played.missed or not played.calls else played.metric

        near, sure = metric(0.0, 0.1), metric(0.0, SURE)
        if near is None or sure is None or not math.isfinite(near) or not math.isfinite(sure):
            yield Skipped(name=self.name, reason="answers of the model could not be made up")
            return
        if not (min(near, sure) >= 0 and max(near, sure) <= 1 and bench.program.higher_is_better):
            yield Skipped(name=self.name, reason="the metric is no share, so a threshold cannot be told from a slope")
            return
        where = self._found(metric, near, sure, kind)
        if where is None and sure < self.lost:  # right answers, and sure ones, count for nothing
            surest = metric(0.0, 30.0)
            where = 2 * SURE if surest is not None and surest >= self.right else None
        if where is None:
            return
        share = 1 / (1 + math.exp(-where)) if math.isfinite(where) else 0.0
        halved = kind is OutputKind.LOGITS and abs(where - 0.5) < 0.15  # logits compared with a half
        extreme = not self.low <= share <= self.high
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if halved or extreme else Severity.NOTE,
            strength=Strength.PROVED,
            causes=("threshold_wrong", "wrong_metric"),
            seen=f"Right answers on both sides of indifference score {near:.4g}, sure ones {sure:.4g}; yes and"
            f" no are parted at a probability of {share:.2g}.",
            advice="Compare logits with 0 and probabilities with 0.5, unless another was chosen on validation.",
            follows=WRONG_OUTPUTS,
            evidence={"at_a_half": near, "threshold": share, "sure": sure},
        )

    def _found(
        self, metric: Callable[[float, float], float | None], near: float, sure: float, kind: OutputKind
    ) -> float | None:
        """The logit at which yes and no are parted; None where that is indifference, or nothing parts them."""
        if sure < self.right:
            everything = metric(-30.0, 60.0) if kind is OutputKind.PROBABILITIES else None  # just nought and one
            return -math.inf if everything is not None and everything >= max(self.right, sure + self.lost) else None
        if sure - near < self.lost:
            return None
        low, high = -SURE, SURE
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found = metric((low + middle) / 2, (middle - low) / 2)
            low, high = (low, middle) if found is not None and found >= sure - self.lost / 2 else (middle, high)
        where = (low + high) / 2
        there = metric(where, high - low)
        return where if there is not None and there >= sure - self.lost / 2 else None
