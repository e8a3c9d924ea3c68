"""The loss is a number, and has a gradient, for every legal prediction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, Form, Meeting, met
from kilter.checks.program.loss.reach import seen_predictions
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.predicted import main_output
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.recording import SeenStep


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossNumbers(ProgramProbe):
    """Logarithms, roots and divisions never meet what they are not defined for.

    **What it proves.** A loss that is no finite number, or whose gradient is none, ruins all weights with one step. In
    the first steps: data and weights are finite, and the loss or its gradient is not. For sure predictions: a logarithm
    of a sigmoid or softmax that has reached 0 is minus infinity, where the ready-made loss stays finite.

    **How.** In each recorded step it is sought where numbers stop being finite: in the data, the outputs, the loss or
    its gradient. The loss and its gradient are then asked for at sure right and at sure wrong predictions: logits of
    `sure`, as any well-trained model has them, or probabilities of exactly 0 and 1; and at logits `margin` times as
    far apart as those of the first steps.

    **When it stays silent.** All of that is finite. Data that are not finite, and weights that explode, are other
    checks'. A note where only logits beyond all that was seen are dangerous.

    **What it costs.** Some calls of the loss and its gradient.

    **Source.** Blanchard, Higham and Higham 2021, Accurately computing the log-sum-exp and softmax functions.
    """

    code: ClassVar[str] = "O114"
    name: ClassVar[str] = "loss-numbers"
    sure: float = 20.0  # a logit whose sigmoid is 1 in single precision
    extreme: float = 120.0  # a distance of logits at which a softmax is 0 in single precision
    margin: float = 4.0  # times the distance of logits in the first steps
    ordinary: float = 1e4  # weights and outputs beyond are an explosion

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        for at, step in enumerate(bench.recording.steps):
            where = self._broken(bench, step, found[0] if found is not None else None)
            if where == "elsewhere":
                return
            if where is not None:
                yield self._finding(
                    Severity.FAILURE,
                    f"In step {at} data and weights are finite numbers of ordinary size, and {where}.",
                    {"step": at, "where": where},
                )
                return
        if found is not None and bench.program.task in CLASSED | {Kind.MULTILABEL}:
            yield from self._at_sure_ones(bench, *found)

    def _broken(self, bench: Bench, step: SeenStep, surface: Surface | None) -> str | None:
        """What is not finite in a step, "elsewhere" if it begins in the data or in an explosion; None if nothing is."""
        losses = [backward.loss for backward in step.backwards] or [torch.tensor(step.returned)]
        gradients = [g for b in step.backwards for g in b.fresh.values() if g is not None]
        finite_loss = _finite(losses) or (not step.backwards and math.isnan(step.returned))
        if finite_loss and _finite(gradients):
            return None
        floats = [tensor for tensor in leaves(step.batch).values() if tensor.is_floating_point()]
        weights = [tensor for tensor in step.before.values() if tensor.is_floating_point()]
        outputs = [t for t in (main_output(call.result) for call in step.calls) if t is not None]
        exploded = (
            max(_largest(weights), _largest(floats), _largest(outputs) if _finite(outputs) else 0.0) > self.ordinary
        )
        if exploded or not outputs or not _finite([*floats, *weights]):
            return "elsewhere"
        scaled = surface is not None and any(float(b.loss.abs().max()) > 1e3 for b in step.backwards)
        if finite_loss:
            return "elsewhere" if scaled else "the loss is finite, too, but its gradient is not"
        if any(_finite([c.result]) for c in step.losses if isinstance(c.result, torch.Tensor) and step.backwards):
            return "elsewhere"  # what was made of the loss later is not
        if _finite(outputs):
            return "the outputs are, too, but the loss is not"
        first = len(bench.recording.steps) and step is bench.recording.steps[0]
        return "the outputs of the model are not" if first else "elsewhere"

    def _at_sure_ones(self, bench: Bench, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        wanted = meeting.wanted
        every = (surface.given, *seen_predictions(bench, surface))
        lies = all(bool(((tensor >= 0) & (tensor <= 1)).all()) for tensor in every)
        if meeting.form is not Form.EACH:
            rows = meeting.rows(surface.given.float())
            if not lies and bool(((rows.exp().sum(1) - 1).abs() < 1e-2).all()):
                return  # logarithms of probabilities: a log-softmax has been careful already
        elif not bool(((wanted == 0) | (wanted == 1)).all()):
            return
        if surface.gradient() is None or not _finite([g for g in (surface.gradient(),) if g is not None]):
            return
        if lies:
            exact = self._refused(surface, meeting, wanted) or self._refused(surface, meeting, 1 - wanted)
            if exact and meeting.form is Form.EACH:
                yield self._sure(
                    f"predictions of exactly 0 and 1, as a sigmoid gives from {self.sure:g} on", Severity.WARNING
                )
            elif exact:
                yield self._sure("probabilities of exactly 0, as a softmax gives far out", Severity.NOTE)
            return
        spread = max(float(tensor.max() - tensor.min()) for tensor in every)
        for size in (self.sure, self.extreme):
            way = (2 * wanted - 1) * size
            if self._refused(surface, meeting, way) or self._refused(surface, meeting, -way):
                near = size == self.sure or 2 * size <= self.margin * spread
                yield self._sure(f"logits of {size:g} and -{size:g}", Severity.WARNING if near else Severity.NOTE)
                return

    def _refused(self, surface: Surface, meeting: Meeting, rows: Tensor) -> bool:
        """Whether the loss or its gradient is no finite number there; a loss that raises an error is careful."""
        given = meeting.back(rows.to(surface.given))
        gradient = surface.gradient(given)
        return gradient is not None and not (math.isfinite(surface.loss(given)) and _finite([gradient]))

    def _sure(self, what: str, severity: Severity) -> Finding:
        return self._finding(severity, f"For {what}, the loss or its gradient is no finite number.", {"at": what})

    def _finding(self, severity: Severity, seen: str, evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice="Take the loss that is made for logits (`cross_entropy`,"
            " `binary_cross_entropy_with_logits`), and add a"
            " small number under roots, logarithms and divisions.",
            causes=("numeric_instability",),
            evidence=evidence,
            follows=("missing-logarithm", "normalised-twice", "softmax-place", "legal-labels"),
        )


def _finite(tensors: list[Tensor]) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)


def _largest(tensors: list[Tensor]) -> float:
    return max((float(tensor.abs().max()) for tensor in tensors if tensor.numel()), default=0.0)
