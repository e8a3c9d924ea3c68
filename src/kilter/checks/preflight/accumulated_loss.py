"""Several batches a step are one large batch, as far as the loss can tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.preflight.bench import Bench, chosen
from kilter.checks.preflight.outputs import changed, tensors
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.batch import Batch
    from kilter.values.task import Loss, Outputs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccumulatedLoss(Probe):
    """Where a step accumulates batches, its loss is the one that they would have together.

    **What it proves.** A loss that compares the examples of a batch with each other, such as a contrastive one whose
    wrong answers are the other texts of the batch, has fewer to compare in 4 batches of 16 than in one of 64: the
    effective batch is as large, and something else is learnt. `batch.accumulate` saves memory for sums over examples
    alone.

    **How.** Where `batch.accumulate` is more than 1 and the task says that its loss is not one over examples: the loss
    of one batch against the sum of the losses over the sum of the weights of its parts, as a step accumulates them.

    **When it stays silent.** Both agree to `tolerance`. Skipped where nothing is accumulated, and where the loss is a
    sum over examples, which is for P111 to prove.

    **What it costs.** One forward pass of `examples` rows; the rest is the loss alone.
    """

    code: ClassVar[str] = "P115"
    name: ClassVar[str] = "accumulated-loss"
    tolerance: float = 1e-3  # of the loss
    examples: int = 64  # rows of the batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        many = pipeline.recipe.batch.accumulate
        if many == 1 or pipeline.task.per_example:
            reason = "batches are not accumulated" if many == 1 else "the loss is one over examples"
            yield Skipped(name=self.name, reason=reason)
            return
        bench = Bench(pipeline)
        batch = bench.sample(self.examples)
        part = len(batch) // many
        if part < 1:
            yield Skipped(name=self.name, reason=f"{len(batch)} examples cannot be cut into {many} batches")
            return
        batch = chosen(batch, range(part * many))
        outputs = bench.evaluated(bench.model(), batch)
        if any(len(tensor) != len(batch) for tensor in tensors(outputs) if tensor.ndim):
            yield Skipped(name=self.name, reason="outputs have no row for each example")
            return
        whole, parts = bench.mean_loss(outputs, batch), self._accumulated(bench, outputs, batch, part)
        if not (math.isfinite(whole) and math.isfinite(parts)):
            yield Skipped(name=self.name, reason="the loss is not a finite number")
        elif abs(whole - parts) > self.tolerance * max(abs(whole), abs(parts), 1e-6):
            size = pipeline.recipe.batch.size
            larger = "a larger batch" if size is None else f"batch.size: {many * size}"
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"The loss compares the examples of a batch with each other: of {len(batch)} examples together it"
                f" is {whole:.4g}, of {many} accumulated batches of {part} of them {parts:.4g}.",
                advice=f"Use batch.accumulate: 1 with {larger}; where memory does not allow that, expect what batches"
                " of their own size teach.",
                causes=("batch_too_small",),
                evidence={"together": whole, "accumulated": parts, "accumulate": many, "examples": len(batch)},
            )

    def _accumulated(self, bench: Bench, outputs: Outputs, batch: Batch, part: int) -> float:
        """The loss of parts of a batch, as a step accumulates it."""
        losses = [self._loss(bench, outputs, batch, range(start, start + part)) for start in range(0, len(batch), part)]
        weight = sum(float(loss.weight) for loss in losses)
        return sum(float(loss.total) for loss in losses) / weight if weight else math.nan

    def _loss(self, bench: Bench, outputs: Outputs, batch: Batch, rows: range) -> Loss:
        return bench.loss(changed(outputs, lambda tensor: tensor[rows.start : rows.stop]), chosen(batch, rows))
