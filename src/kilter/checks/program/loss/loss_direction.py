"""The loss falls where predictions get better."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met
from kilter.checks.program.loss.padded import distinct
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossDirection(ProgramProbe):
    """What is minimised falls as predictions approach the targets.

    **What it proves.** The sign is turned round somewhere: in the loss, where backward is called, or in the optimizer.
    Training then makes predictions worse.

    **How.** The loss is asked for its gradient at made-up predictions. Towards the right class, or towards the target,
    it must fall; where it climbs for `share` of them at each of three draws, the loss is turned round. What backward is
    called on is compared with what the loss function said, and optimizers are asked whether they climb; two turns undo
    each other.

    **When it stays silent.** The loss falls in most places; the kind of problem has no targets to approach
    (contrastive, other); a loss that is below zero is no reason.

    **What it costs.** Three gradients of the loss.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 6.2.1.
    """

    code: ClassVar[str] = "O106"
    name: ClassVar[str] = "loss-direction"
    share: float = 0.95  # of predictions whose gradient points the wrong way

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        shares = [self._wrong(bench, surface, meeting, seed) for seed in (1, 2, 3)]
        ways = [None if share is None else share >= self.share for share in shares]
        if None in ways or len(set(ways)) != 1 or (not ways[0] and max(s for s in shares if s is not None) > 0.5):
            return  # neither way throughout
        turned = [name for name, way in (("the loss", ways[0]), *self._later(bench, surface)) if way]
        if len(turned) % 2 == 0:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"Training climbs where it should descend, by {turned[0]}: the loss that is minimised grows as"
            " predictions approach their targets.",
            advice="Take the minus sign away (or `maximize=True` from the optimizer).",
            causes=("loss_sign_flipped",),
            evidence={"turned by": turned, "wrong way": [share for share in shares if share is not None]},
        )

    def _wrong(self, bench: Bench, surface: Surface, meeting: Meeting, seed: int) -> float | None:
        """The share of made-up predictions at which the loss climbs towards what is wanted; None if it says nothing."""
        generator = torch.Generator().manual_seed(seed)
        wanted, kind = meeting.wanted, bench.program.task
        noise = torch.randn(wanted.shape, generator=generator).to(wanted)
        if meeting.form is not Form.EACH and kind is Kind.GENERATION and wanted.shape[1] > 2:
            return self._pushing(surface, meeting, noise)
        if meeting.form is not Form.EACH and kind in CLASSED:
            legal = meeting.wanted.sum(1) > 0
            way = wanted - 1 / wanted.shape[1]
            at = _legal(surface, meeting, noise)
        elif kind is Kind.REGRESSION and meeting.form is Form.EACH:
            spread = float(wanted.float().std()) if wanted.numel() > 1 else 1.0
            at = wanted + (spread or 1.0) * noise
            way, legal = wanted - at, torch.ones(len(wanted), dtype=torch.bool)
        elif kind in (Kind.CLASSIFICATION, Kind.MULTILABEL) and distinct(wanted) == 2:
            way = (wanted - (wanted.min() + wanted.max()) / 2).sign()
            at, legal = _legal(surface, meeting, noise), torch.ones(len(wanted), dtype=torch.bool)
        else:
            return None
        gradient = surface.gradient(meeting.back(at))
        if gradient is None or not bool(torch.isfinite(gradient).all()):
            return None
        climbs = (meeting.rows(gradient) * way).sum(1)[legal]
        climbs = climbs[climbs != 0]
        return float((climbs > 0).double().mean()) if climbs.numel() else None

    def _pushing(self, surface: Surface, meeting: Meeting, noise: Tensor) -> float | None:
        """The share of places at which most classes are pulled up: of a text, who knows which class is meant where."""
        gradient = surface.gradient(meeting.back(_legal(surface, meeting, noise)))
        if gradient is None or not bool(torch.isfinite(gradient).all()):
            return None
        rows = meeting.rows(gradient)
        up, down = (rows < 0).sum(1), (rows > 0).sum(1)
        judged = (up != down) & (up + down > 2)
        return float((up > down)[judged].double().mean()) if bool(judged.any()) else None

    def _later(self, bench: Bench, surface: Surface) -> Iterator[tuple[str, bool]]:
        """What turns the direction round after the loss: a minus before backward, an optimizer that climbs."""
        steps = bench.recording.steps
        if surface.heard:
            pairs = [
                (float(step.losses[0].result), float(step.backwards[0].loss))
                for step in steps
                if len(step.losses) == 1 == len(step.backwards)
                and step.losses[0].result.numel() == 1 == step.backwards[0].loss.numel()
            ]
            negated = [abs(a + b) < 1e-4 * abs(a) for a, b in pairs if math.isfinite(a) and a != 0]
            yield "a minus before backward", bool(negated) and all(negated)
        groups = [group for step in steps for update in step.updates for group in update.groups]
        yield "an optimizer that maximises", bool(groups) and all(bool(group.get("maximize")) for group in groups)


def _legal(surface: Surface, meeting: Meeting, noise: Tensor) -> Tensor:
    """Made-up predictions of the kind that the loss takes: between 0 and 1 where all that it met are."""
    given = surface.given
    if not bool(((given >= 0) & (given <= 1)).all()):
        return noise
    return noise.softmax(1) if noise.shape[1] > 1 else noise.sigmoid()
