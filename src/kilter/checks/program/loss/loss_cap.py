"""The loss of bad predictions has a gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, met
from kilter.checks.program.loss.padded import distinct
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossCap(ProgramProbe):
    """Predictions that are wrong are pulled towards their targets, the worst ones, too.

    **What it proves.** The loss is cut off above (`clamp(max=...)`): where it exceeds the cap its gradient is zero, so
    that the worst examples, or whole batches, teach nothing.

    **How.** At the outputs of the fresh model the gradient of the loss is looked at by example. If it is zero for all
    while better predictions have a lower loss, the whole loss is cut; if it is zero for `share` of them, and those are
    further from their targets than the others are, each example's is.

    **When it stays silent.** Examples without a gradient are the good ones, as with a hinge, a margin or hard examples
    that are picked; or there are fewer than `share` of them.

    **What it costs.** Some calls of the loss and one gradient.

    **Source.** The gradient of a constant is zero.
    """

    code: ClassVar[str] = "O115"
    name: ClassVar[str] = "loss-cap"
    share: float = 0.1  # of examples

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        kind = bench.program.task
        gradient = surface.gradient() if kind in CLASSED | {Kind.REGRESSION, Kind.MULTILABEL} else None
        if gradient is None or not bool(torch.isfinite(gradient).all()):
            return
        if self._cut_later(bench, surface) and bool(gradient.any()):
            yield self._finding(
                1.0, surface.loss(), float(bench.recording.steps[0].backwards[0].loss), Severity.FAILURE
            )
            return
        rows, given, wanted = meeting.rows(gradient), meeting.rows(surface.given.float()), meeting.wanted.float()
        legal = meeting.classes >= 0 if meeting.form is Form.CLASSES else torch.ones(len(wanted), dtype=torch.bool)
        if meeting.form is Form.EACH:
            how_bad = (given - wanted).abs().squeeze(1)
            better = given + 0.9 * (wanted - given)
        else:
            how_bad = given.logsumexp(1) - (given * wanted).sum(1)
            better = given + 4 * (wanted - 1 / wanted.shape[1])
        classed = meeting.form is not Form.EACH
        still = (rows.abs().sum(1) == 0) & legal
        moving = ~still & legal
        share = float(still.sum() / legal.sum().clamp(min=1))
        if share < self.share or distinct(given) < 3:
            return
        here, there = surface.loss(), surface.loss(meeting.back(better.to(surface.given)))
        best = given + 30 * (better - given) if classed else wanted
        if bool(moving.any()):
            worst = float(how_bad[still].min()) >= float(how_bad[moving].quantile(0.9))
            cut = worst and self._capped(surface, given, best, meeting.back, int(still.nonzero()[0]))
        else:
            cut = min(there, surface.loss(meeting.back(best.to(surface.given)))) < here - 1e-3 * abs(here)
        if not cut:
            return
        yield self._finding(share, here, there, Severity.WARNING if bool(moving.any()) else Severity.FAILURE)

    def _capped(self, surface: Surface, given: Tensor, best: Tensor, back: Callable[[Tensor], Tensor], at: int) -> bool:
        """Whether one example without a gradient counts in the loss, and leaves the others' gradients alone.

        One that was left out for being difficult does not lower the loss when it is right.
        """
        one = given.clone()
        one[at] = best[at]
        before, after = surface.gradient(), surface.gradient(back(one).to(surface.given))
        if before is None or after is None:
            return False
        others = torch.ones_like(given, dtype=torch.bool)
        others[at] = False
        left, right = (back(others) * gradient for gradient in (before, after))
        same = float((left - right).abs().max()) <= 1e-4 * float(left.abs().max())
        return same and surface.loss(back(one).to(surface.given)) < surface.loss() * (1 - 1e-6) - 1e-9

    def _cut_later(self, bench: Bench, surface: Surface) -> bool:
        """Whether backward is called on another, lower number than the loss gave, and no weight has a gradient."""
        if not surface.heard:
            return False
        cut = [
            step.losses[0].result.numel() == 1 == step.backwards[0].loss.numel()
            and float(step.backwards[0].loss) < float(step.losses[0].result)
            and step.backwards[0].differentiable
            and not any(bool(g.any()) for g in step.backwards[0].fresh.values() if g is not None)
            for step in bench.recording.steps
            if len(step.losses) == 1 == len(step.backwards)
        ]
        values = {float(step.backwards[0].loss.sum()) for step in bench.recording.steps if step.backwards}
        return bool(cut) and sum(cut) > len(cut) / 2 and len(values) < len(cut)

    def _finding(self, share: float, here: float, there: float, severity: Severity) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=f"{percent(share)} of the predictions of a fresh model, the worst, have a gradient"
            " of exactly zero; their"
            f" loss is {here:.4g}, and other ones bring it to {there:.4g}.",
            advice="Do not clamp the loss; clip gradients, or take a robust loss such as Huber's.",
            causes=("loss_clipped", "loss_detached"),
            evidence={"share": share, "loss": here, "loss of better ones": there},
            follows=("ignored-class", "softmax-place", "normalised-twice", "output-reach"),
        )
