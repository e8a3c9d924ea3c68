"""The loss is one for this kind of problem."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import torch
from torch.nn import functional as F

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met, shift_invariant
from kilter.checks.program.loss.padded import distinct
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

DISTANCES: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "squared error": F.mse_loss,
    "absolute error": F.l1_loss,
    "Huber's loss": F.smooth_l1_loss,
}
"""Losses that measure how far a number is from another one."""

BEFORE: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "": lambda rows: rows,
    " of a softmax": lambda rows: rows.softmax(-1),
    " of a sigmoid": torch.sigmoid,
}
"""What a step may apply before."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossOfTask(ProgramProbe):
    """Classes are learnt by a loss for probabilities, numbers by one for distances.

    **What it proves.** A distance (squared, absolute, Huber's) between outputs and class numbers or one-hot rows gives
    sure mistakes hardly any gradient through a softmax or sigmoid, and an order to classes that have none; a
    cross-entropy over labels of which several are right at once makes them compete; and a loss for numbers that has no
    least value anywhere cannot be met.

    **How.** The loss is asked about made-up predictions with the true targets, and compared with each formula up to a
    constant factor: one that is the same on three draws is that loss. For numbers, the gradient is asked for far
    below and far above: it must point inwards at one end at least.

    **When it stays silent.** The loss is none of these formulas; the targets of a classification are no labels
    (a teacher's logits, say); the kind of problem is none of those that have a rule.

    **What it costs.** Some dozen calls of the loss.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, sections 6.2.2.2 and 6.2.2.3.
    """

    code: ClassVar[str] = "O105"
    name: ClassVar[str] = "loss-of-task"
    same: float = 1e-3  # relative spread of the ratio between the loss and a formula, by rounding
    share: float = 0.05  # of targets that pull their predictions without end

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        kind = bench.program.task
        if kind in CLASSED or kind is Kind.MULTILABEL:
            formula = self._distance(surface, meeting)
            if formula is not None:
                yield self._finding(
                    f"The loss is the {formula} from the outputs to the"
                    f" {'labels' if meeting.form is Form.EACH else 'one-hot classes'}: on made-up"
                    " predictions both agree to"
                    " three digits.",
                    "Take cross-entropy on the logits (for several labels at once: binary cross-entropy).",
                    {"formula": formula},
                )
            elif kind is Kind.MULTILABEL:
                yield from self._competing(surface, meeting)
        elif kind is Kind.REGRESSION and meeting.form is Form.EACH:
            yield from self._endless(surface, meeting)

    def _distance(self, surface: Surface, meeting: Meeting) -> str | None:
        wanted = meeting.wanted
        if not bool((wanted == wanted.round()).all()) or distinct(wanted) < 2:
            return None
        if meeting.form is Form.SHARES and not bool(((wanted == 0) | (wanted == 1)).all()):
            return None
        draws = [meeting.back(size * _noise(wanted, at) + 0.5) for at, size in enumerate((0.3, 1.0, 3.0))]
        losses = [surface.loss(draw) for draw in draws]
        if not all(math.isfinite(loss) and loss > 0 for loss in losses):
            return None
        legal = meeting.classes >= 0 if meeting.form is Form.CLASSES else torch.ones(len(wanted), dtype=torch.bool)
        for before, function in BEFORE.items():
            if before == " of a softmax" and meeting.form is Form.EACH:
                continue
            for name, distance in DISTANCES.items():
                formulas = [float(distance(function(meeting.rows(d))[legal], wanted[legal])) for d in draws]
                ratios = [loss / formula for loss, formula in zip(losses, formulas, strict=True)]
                if max(ratios) - min(ratios) < self.same * max(ratios):
                    return name + before
        return None

    def _competing(self, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        target = surface.target
        if target.shape != surface.given.shape or target.ndim < 2 or target.shape[-1] < 2:
            return
        several = float((target.float().sum(-1) > 1).double().mean())
        rows = surface.given.reshape(-1, surface.given.shape[-1])
        if several > self.share and shift_invariant(surface, rows, lambda r: r.reshape(surface.given.shape)):
            yield self._finding(
                f"{percent(several)} of the examples have more than one label, and the loss applies a softmax over the"
                " labels: a constant added to all of them changes nothing, so that they compete.",
                "Take binary cross-entropy on each label's logit.",
                {"several labels": several},
            )

    def _endless(self, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        wanted = meeting.wanted
        size = float(wanted.abs().max()) + 50.0  # beyond the targets, and where a sigmoid or exponential has said all
        below = surface.gradient(meeting.back(torch.full_like(wanted, -size)))
        above = surface.gradient(meeting.back(torch.full_like(wanted, size)))
        if below is None or above is None or not bool((torch.isfinite(below) & torch.isfinite(above)).all()):
            return
        low, high = meeting.rows(below), meeting.rows(above)
        near = [surface.gradient(meeting.back(scale * _noise(wanted, 1))) for scale in (0.1, 1.0, 10.0)]
        if not bool(low.any()) and not bool(high.any()):
            if all(gradient is not None and not bool(gradient.any()) for gradient in near):
                yield self._finding(
                    f"The loss is {surface.loss():.4g} whatever is predicted: its gradient is zero everywhere.",
                    "Take a loss for numbers, such as the squared error.",
                    {"loss": surface.loss()},
                    causes=("wrong_loss_for_task", "softmax_single_unit", "loss_clipped"),
                )
            return
        away = torch.where(low * high > 0, -low.sign(), torch.zeros_like(low))
        endless = float((away != 0).double().mean())
        here, there, beyond = (surface.loss(meeting.back(times * size * away)) for times in (0.0, 1.0, 10.0))
        if endless >= self.share and there < here and there - beyond > 0.5 * (here - there):
            yield self._finding(
                f"For {percent(endless)} of the targets the loss falls without end as predictions grow: it has no least"
                " value for such numbers.",
                "Take a loss for numbers, such as the squared error.",
                {"without a least value": endless},
                causes=("wrong_loss_for_task", "labels_out_of_range"),
            )

    def _finding(
        self,
        seen: str,
        advice: str,
        evidence: dict[str, object],
        *,
        causes: tuple[str, ...] = ("wrong_loss_for_task",),
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence=evidence,
            follows=("normalised-twice", "softmax-place"),
        )


def _noise(like: Tensor, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, generator=generator).to(like)
