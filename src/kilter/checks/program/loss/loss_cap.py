"""The loss of bad predictions has a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, met
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind


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
        if kind not in CLASSED and kind not in (Kind.REGRESSION, Kind.MULTILABEL):
            return
        gradient = surface.gradient()
        if gradient is None or not bool(torch.isfinite(gradient).all()):
            return
        rows, given, wanted = meeting.rows(gradient), meeting.rows(surface.given.float()), meeting.wanted.float()
        legal = meeting.classes >= 0 if meeting.form is Form.CLASSES else torch.ones(len(wanted), dtype=torch.bool)
        if meeting.form is Form.EACH:
            how_bad = (given - wanted).abs().squeeze(1)
            better = given + 0.9 * (wanted - given)
        else:
            how_bad = given.logsumexp(1) - (given * wanted).sum(1)
            better = given + 4 * (wanted - 1 / wanted.shape[1])
        still = (rows.abs().sum(1) == 0) & legal
        moving = ~still & legal
        share = float(still.sum() / legal.sum().clamp(min=1))
        if share < self.share or given.unique().numel() < 3:
            return
        here, there = surface.loss(), surface.loss(meeting.back(better.to(surface.given)))
        if not bool(moving.any()):
            best = surface.loss(meeting.back((given + 30 * (better - given)).to(surface.given)))
            if not (there < here - 1e-3 * abs(here) or best < here - 1e-3 * abs(here)):
                return
        elif not (
            float(how_bad[still].min()) >= float(how_bad[moving].quantile(0.9)) and there < here - 1e-3 * abs(here)
        ):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if not bool(moving.any()) else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{percent(share)} of the predictions of a fresh model, the worst, have a gradient of exactly zero, though"
            f" better ones bring the loss from {here:.4g} to {there:.4g}.",
            advice="Do not clamp the loss; clip gradients, or take a robust loss such as Huber's.",
            causes=("loss_clipped", "loss_detached"),
            evidence={"share": share, "loss": here, "loss of better ones": there},
            follows=("ignored-class", "softmax-place", "normalised-twice", "output-reach"),
        )
