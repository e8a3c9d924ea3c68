"""A negative log-likelihood is given what is no logarithm of probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met
from kilter.checks.program.loss.softmax_place import sums_to_one
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLogarithm(ProgramProbe):
    """A loss that only picks the number of the right class is given logarithms of probabilities.

    **What it proves.** The loss is minus what stands at the right class, and that is no logarithm of a probability: it
    can be made as low as one likes by making all outputs large (raw outputs), or it hardly punishes a sure mistake
    (probabilities).

    **How.** Such a loss is linear: its gradient is the same everywhere, and not zero at the right classes only. The
    predictions that it meets are then looked at: exponentials of logarithms of probabilities add up to 1.

    **When it stays silent.** The loss is not linear, or its predictions are logarithms of probabilities over some
    dimension.

    **What it costs.** Some calls of the loss and of its gradient.

    **Source.** Bishop 2006, Pattern recognition and machine learning, section 4.3.4.
    """

    code: ClassVar[str] = "O102"
    name: ClassVar[str] = "missing-logarithm"
    sums: float = 1e-2  # how far exponentials may be from adding up to 1, by rounding in half precision

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        if bench.program.task not in CLASSED or meeting.form is Form.EACH:
            return
        rows = meeting.rows(surface.given).float()
        if self._picks(surface, meeting):
            totals = rows.exp().sum(1)
            if (
                bool(((totals - 1).abs() < self.sums).all())
                or sums_to_one(surface.given, meeting, self.sums) is not None
            ):
                return
            lies = bool(((rows.sum(1) - 1).abs() < self.sums).all() and (rows >= 0).all())
            what = "probabilities" if lies else "raw outputs"
        elif self._picks_probabilities(surface, meeting):
            totals, what = rows.softmax(1).exp().sum(1), "probabilities"
        else:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The loss is minus the number at the right class, and it is given {what}: their"
            " exponentials add up to"
            f" {float(totals.mean()):.4g} over the classes, not to 1.",
            advice="Give it the output of a log-softmax, or take cross-entropy on the raw outputs.",
            causes=("nll_without_log_softmax", "wrong_loss_for_task"),
            evidence={"sum of exponentials": float(totals.mean()), "given": what},
        )

    def _picks(self, surface: Surface, meeting: Meeting) -> bool:
        """Whether the gradient is the same everywhere, below zero at right classes, and zero elsewhere."""
        found: list[Tensor] = []
        for seed in (1, 2):
            generator = torch.Generator().manual_seed(seed)
            noise = torch.randn(surface.given.shape, generator=generator).to(surface.given)
            gradient = surface.gradient(noise)
            if gradient is None:
                return False
            found.append(meeting.rows(gradient))
        first, second = found
        scale = float(first.abs().max())
        elsewhere = first[meeting.wanted == 0]
        return (
            scale > 0
            and float((first - second).abs().max()) < 1e-4 * scale
            and float((first * meeting.wanted).sum()) < 0
            and (not elsewhere.numel() or float(elsewhere.abs().max()) < 1e-4 * scale)
        )

    def _picks_probabilities(self, surface: Surface, meeting: Meeting) -> bool:
        """The same where the step applies a softmax before: minus the right probability, as sure answers show it."""
        if surface.heard:
            return False
        none = surface.loss(torch.zeros_like(surface.given))
        best = surface.loss(meeting.back(60 * (2 * meeting.wanted - 1)))
        k = meeting.wanted.shape[1]
        return none < 0 and math.isfinite(best) and abs(best / none - k) < 1e-3 * k
