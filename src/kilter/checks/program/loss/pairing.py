"""Each prediction meets its own target."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import NOT_SEEN, Form, met
from kilter.checks.program.loss.padded import distinct
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.programs import value_of
from kilter.engine.trees import leaves, with_leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

PAIRED = frozenset({Kind.CLASSIFICATION, Kind.MULTILABEL, Kind.TAGGING, Kind.REGRESSION})
"""Kinds in which an example has a target of its own; distributions may be matched without."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing(ProgramProbe):
    """The loss knows which target belongs to which prediction.

    **What it proves.** Predictions of shape (n, 1) and targets of shape (n,) broadcast to (n, n): each prediction is
    compared with all targets, and the best that can be learnt is their mean.

    **How.** Targets of the batch are shuffled among the examples, under made-up predictions: a loss of pairs changes,
    one that was broadcast does not. That it depends on targets at all is seen by other targets. Weights of examples in
    the batch are tried in the same way.

    **When it stays silent.** The loss changes. Losses that look at a whole batch (a correlation, a ranking, a
    contrastive loss) depend on neighbours but know the pairs, too.

    **What it costs.** Five calls of the loss.

    **Source.** PyTorch issue 16045: broadcasting in losses.
    """

    code: ClassVar[str] = "O107"
    name: ClassVar[str] = "pairing"
    same: float = 1e-5  # relative change of the loss by rounding, as sums are in another order

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        yield from self._weights(bench)
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        target = surface.target
        if bench.program.task not in PAIRED or meeting.form is not Form.EACH or not target.ndim or len(target) < 3:
            return
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(surface.given.shape, generator=generator).to(surface.given)
        size = meeting.wanted.float()  # predictions like the targets, so that large ones do not drown the pairs
        if bench.program.task is Kind.REGRESSION:
            at = float(size.mean()) + (float(size.std()) or 1.0) * noise
        else:
            at = noise.sigmoid() if bool(((surface.given >= 0) & (surface.given <= 1)).all()) else noise
        plain = surface.loss(at)
        orders = [torch.randperm(len(target), generator=generator) for _ in range(2)]
        changed = [surface.loss(at, target[order]) for order in orders if not torch.equal(target[order], target)]
        other = surface.loss(at, target[:1].expand_as(target).contiguous())
        least = target.reshape(len(target), -1).float().sum(1).argmin()
        lowest = surface.loss(at, target[least].expand_as(target).clone())
        if not changed or not all(map(math.isfinite, (plain, other, lowest, *changed))):
            return
        depends = max(abs(other - plain), abs(lowest - plain)) > 1e-3 * abs(plain)
        if depends and all(abs(loss - plain) <= self.same * abs(plain) for loss in changed):
            yield self._finding(
                f"The loss stays {plain:.6g} when the {len(target)} targets are shuffled among the examples:"
                f" predictions of shape {tuple(surface.given.shape)} meet targets of shape {tuple(target.shape)}.",
                "Give both the same shape: squeeze the predictions or add a dimension to the targets.",
                {"loss": plain, "shuffled": changed, "other targets": other},
            )

    def _weights(self, bench: Bench) -> Iterator[Finding]:
        """Numbers for each example beside inputs and targets: weights, as a rule."""
        batch = bench.recording.steps[0].batch
        rest = {path: tensor for path, tensor in leaves(batch).items() if path in bench.roles.rest}
        for path, tensor in rest.items():
            if tensor.ndim != 1 or not tensor.is_floating_point() or len(tensor) < 3 or distinct(tensor) < 2:
                continue
            made = bench.made()
            order = torch.randperm(len(tensor), generator=torch.Generator().manual_seed(0))
            one_only = torch.zeros_like(tensor)
            one_only[0] = 1.0
            plain, changed, other = (
                value_of(bench.peek(made, with_leaves(batch, {path: new}), training=False).loss)
                for new in (tensor, tensor[order], one_only)
            )
            if abs(other - plain) > 1e-3 * abs(plain) and abs(changed - plain) <= self.same * abs(plain):
                yield self._finding(
                    f"The loss stays {plain:.6g} when the numbers at {path} of the batch are shuffled among the"
                    " examples, and depends on them: they meet losses of another shape.",
                    "Give weights and losses the same shape before they are multiplied.",
                    {"loss": plain, "shuffled": changed, "one example alone": other},
                )

    def _finding(self, seen: str, advice: str, evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=("broadcast_shape_mismatch",),
            evidence=evidence,
        )
