"""A softmax runs over the classes: not over the batch, not over a single unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met, shift_invariant
from kilter.checks.program.loss.reach import reach, seen_predictions
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

KINDS = CLASSED | {Kind.MULTILABEL}
"""Kinds whose answers may be probabilities."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxPlace(ProgramProbe):
    """Probabilities add up to 1 over the classes of an example, not over examples or places, and not over one unit.

    **What it proves.** A softmax that runs over the batch makes the answer for one example depend on the others; one
    that runs over a single unit is always 1, whatever the weights.

    **How.** Predictions of the first steps are added up over each dimension, as they are or as logarithms: those of a
    softmax add up to 1 over the dimension that it ran over. Where the step applies it, a constant added to all examples
    changes nothing. A single unit is asked for with other weights, or by the loss's gradient, which is zero everywhere.

    **When it stays silent.** They add up to 1 over the classes, or over nothing.

    **What it costs.** Some calls of the loss; forward passes where all predictions are the same.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 6.2.2.3.
    """

    code: ClassVar[str] = "O103"
    name: ClassVar[str] = "softmax-place"
    sums: float = 1e-3  # how far probabilities may be from adding up to 1, by rounding
    rows: int = 3  # fewer examples say nothing

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        if bench.program.task not in KINDS or surface.given.shape[0] < self.rows:
            return
        if self._single_unit(bench, surface, meeting):
            yield self._finding(
                "Each example has one unit, and a softmax over one unit is always 1: no weight changes the loss.",
                "Take a sigmoid for one unit, or two units with a softmax.",
                ("softmax_single_unit", "wrong_loss_for_task"),
                {"units": 1},
            )
            return
        every = (surface.given, *seen_predictions(bench, surface))
        over = sums_to_one(surface.given, meeting, self.sums)
        if over is not None and all(over == sums_to_one(t, meeting, self.sums) for t in every[:4] if len(t) > 2):
            whole = float(meeting.rows(surface.given).softmax(1).sum(1).mean()) if meeting.form is not Form.EACH else 1
            yield self._finding(
                f"Predictions add up to 1 over dimension {over} of {tuple(surface.given.shape)}, where"
                f" {'examples' if over == 0 else 'places'} are counted, not over the classes.",
                "Let the softmax run over the dimension of the classes: say `dim=-1` if that is the last.",
                ("wrong_softmax_dim", "batch_dim_mixing"),
                {"dimension": over, "shape": tuple(surface.given.shape), "sum over classes": whole},
            )
        elif not surface.heard and meeting.form is not Form.EACH and self._over_examples(surface, meeting):
            yield self._finding(
                "A constant added to one class of all examples changes nothing of the loss: the softmax of the step"
                " runs over examples, not over the classes.",
                "Let the softmax run over the dimension of the classes: say `dim=-1` if that is the last.",
                ("wrong_softmax_dim", "batch_dim_mixing"),
                {"shape": tuple(surface.given.shape)},
            )

    def _over_examples(self, surface: Surface, meeting: Meeting) -> bool:
        rows = meeting.rows(surface.given)
        if not shift_invariant(surface, rows, meeting.back, dimension=0):
            return False
        return not shift_invariant(surface, rows, meeting.back)

    def _single_unit(self, bench: Bench, surface: Surface, meeting: Meeting) -> bool:
        if meeting.wanted.shape[1] > 1 or (surface.given.ndim > 1 and surface.given.shape[-1] > 1):
            return False
        every = (surface.given, *seen_predictions(bench, surface))
        for constant in (1.0, 0.0):
            if all(bool((tensor == constant).all()) for tensor in every):
                under = reach(bench, surface)
                return bool(under.mild) and all(bool((tensor == constant).all()) for tensor in under.every)
        if surface.heard and meeting.form is not Form.EACH:
            return False
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(surface.given.shape, generator=generator).to(surface.given)
        gradients = [surface.gradient(scale * noise) for scale in (0.1, 1.0, 3.0)]
        flat = all(gradient is not None and not bool(gradient.any()) for gradient in gradients)
        return flat and len({round(surface.loss(scale * noise), 6) for scale in (0.1, 1.0, 3.0)}) == 1

    def _finding(self, seen: str, advice: str, causes: tuple[str, ...], evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence=evidence,
        )


def sums_to_one(given: Tensor, meeting: Meeting, tolerance: float) -> int | None:
    """The dimension over which predictions are probabilities or their logarithms, if it is not that of the classes."""
    given = given.float()
    if given.shape[0] < 3:
        return None
    numbers = [given] if bool((given >= 0).all()) else [given.exp()] if bool((given <= 0).all()) else []
    for probabilities in numbers:
        whole = meeting.rows(probabilities) if meeting.form is not Form.EACH else probabilities
        if whole.ndim > 1 and whole.shape[-1] > 1 and bool(((whole.sum(-1) - 1).abs() < tolerance).all()):
            return None
        for dimension in range(given.ndim):
            if given.shape[dimension] > 2 and bool(((probabilities.sum(dimension) - 1).abs() < tolerance).all()):
                return dimension
    return None
