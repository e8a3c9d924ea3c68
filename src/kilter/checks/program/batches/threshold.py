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

_PLACES: Final = (0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.2, -2.2, 3.0, -3.0, 4.6, -4.6)
"""Logits about which a threshold is looked for: probabilities of 0.01 to 0.99."""


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

    **What it costs.** Two runs of validation, about ten more where the first ones differ.

    **Source.** PyTorch forum and documentation: `BCEWithLogitsLoss` takes logits, which a half does not halve.
    """

    code: ClassVar[str] = "B120"
    name: ClassVar[str] = "threshold-misplaced"
    low: float = 0.15  # as probabilities
    high: float = 0.85
    lost: float = 0.05  # of the metric, between sure and unsure answers

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
        if sure - near < self.lost and sure >= 0.75:  # nothing is amiss
            return
        where, best = self._found(metric, near, max(sure, 1.0), kind)
        if where is None or best < 0.95:  # a score that follows the answers smoothly has no threshold
            return
        share = 1 / (1 + math.exp(-where)) if math.isfinite(where) else 0.0
        halved = kind is OutputKind.LOGITS and abs(where - 0.5) < 0.3  # logits compared with a half
        extreme = not self.low <= share <= self.high
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if halved or extreme else Severity.NOTE,
            strength=Strength.PROVED,
            causes=("threshold_wrong", "wrong_metric"),
            seen=f"Right answers on both sides of indifference score {near:.4g}, on both sides of a probability of"
            f" {share:.2g} {best:.4g}: there yes and no are parted.",
            advice="Compare logits with 0 and probabilities with 0.5, unless another was chosen on validation.",
            follows=WRONG_OUTPUTS,
            evidence={"at_a_half": near, "threshold": share, "there": best},
        )

    def _found(
        self, metric: Callable[[float, float], float | None], near: float, enough: float, kind: OutputKind
    ) -> tuple[float | None, float]:
        """The logit about which answers are parted best, and the metric there."""
        best, where = near, None
        for about in _PLACES:
            found = metric(about, 0.24)
            if found is not None and found - best > self.lost:
                best, where = found, about
                if best >= enough:
                    return where, best
        if where is None and kind is OutputKind.PROBABILITIES:
            found = metric(-30.0, 60.0)  # probabilities of nought and one, whatever is compared with nought
            if found is not None and found - best > self.lost:
                return -math.inf, found
        return where, best
