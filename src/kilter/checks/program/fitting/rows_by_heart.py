"""Validation that was better long before the end, while training went on to perfection."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.fitting.judging import attempt, margin
from kilter.checks.program.fitting.short_runs import recorded_run
from kilter.checks.program.mechanisms import MECHANISMS
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RowsByHeart(ProgramProbe):
    """The loss on validation has risen far above its lowest, while that on training is far below it.

    **What it proves.** An earlier stop would have given a better model, beyond what chance explains.

    **How.** The program's own training with the author's validation after each epoch, smoothed by the median of three
    epochs; the rise is measured by the loss before training, and has to be above .05 + .5 / sqrt(rows).

    **When it stays silent.** Without a validation of the author, with fewer than `epochs` epochs, or where a mechanism
    was seen that explains the rise, or a change that mends training, too.

    **What it costs.** Nothing beyond the training that all trials are compared with.

    **Source.** Prechelt, "Early stopping - but when?" (1998).
    """

    code: ClassVar[str] = "H111"
    name: ClassVar[str] = "rows-by-heart"
    effort: ClassVar[Effort] = Effort.FULL
    epochs: int = 5  # without as many there is no curve to speak of

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        base = attempt(bench)
        losses = [] if base is None else _smoothed([loss for loss, _ in base.reported])
        if base is None or len(losses) < self.epochs or not all(map(math.isfinite, losses)):
            yield Skipped(name=self.name, reason="there is no curve of a validation loss")
            return
        recorded = recorded_run(bench)
        before = abs(recorded.start) if recorded is not None else abs(losses[0])
        lowest = min(losses)
        best = losses.index(lowest)
        beyond = margin(base.rows) * max(before, abs(lowest))
        if losses[-1] - lowest <= beyond or lowest - base.train_loss <= beyond:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"The validation loss was {lowest:.3g} after epoch {best + 1} and is {losses[-1]:.3g} after"
            f" {len(losses)}; on training it is {base.train_loss:.3g}.",
            advice="Stop when the validation loss is lowest, or regularise.",
            causes=("overfitting", "too_little_data"),
            evidence={"lowest": lowest, "epoch": best + 1, "last": losses[-1], "train": base.train_loss},
            follows=("counterfactual", *MECHANISMS),
        )


def _smoothed(losses: Sequence[float]) -> list[float]:
    """Medians of three neighbours; the ends as they are next to them."""
    if len(losses) < 3:  # fewer have no neighbours
        return list(losses)
    middle = [statistics.median(losses[at - 1 : at + 2]) for at in range(1, len(losses) - 1)]
    return [middle[0], *middle, middle[-1]]
