"""The loss of a batch is the sum of its examples' losses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.preflight.bench import Bench, chosen
from kilter.checks.preflight.outputs import changed, difference, tensors
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.batch import Batch
    from kilter.values.task import Outputs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossAddsUp(Probe):
    """The loss is a sum over examples with the sum of their weights, and output and target meet row by row.

    **What it proves.** Where outputs (b, 1) meet targets (b,), the difference is (b, b): each example is pulled towards
    all targets, and the model learns their mean. Where the two halves of a batch do not add up to the whole, the loss
    is an average or a sum that accumulation and the last, smaller batch of an epoch will weigh wrongly.

    **How.** The task's loss of one batch against those of its halves (totals and weights must add up), the shape of
    the losses of examples, and whether an example's loss stays the same when the targets of the others are exchanged.

    **When it stays silent.** All of this holds to `tolerance`. Skipped where the task says that its loss is not one
    over examples, such as a contrastive one.

    **What it costs.** One forward pass of `examples` rows; the rest is the loss alone.
    """

    code: ClassVar[str] = "P111"
    name: ClassVar[str] = "loss-adds-up"
    tolerance: float = 1e-4  # of the loss
    examples: int = 8  # rows of the batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batch = bench.batches(1, self.examples)[0]
        if not pipeline.task.per_example or len(batch) < 4:
            yield Skipped(name=self.name, reason="the loss is not one over examples, or the batch has fewer than 4")
            return
        outputs = bench.evaluated(bench.model(), batch)
        if any(len(tensor) != len(batch) for tensor in tensors(outputs) if tensor.ndim):
            yield Skipped(name=self.name, reason="outputs have no row for each example")
            return
        whole = bench.loss(outputs, batch)
        if not math.isfinite(float(whole.total)):
            yield Skipped(name=self.name, reason="the loss is not a finite number")
            return
        misshapen = whole.each is not None and whole.each.shape[:1] != (len(batch),)
        if misshapen or self._meets_others(bench, outputs, batch):
            shape = "" if whole.each is None else f" (losses of examples have the shape {tuple(whole.each.shape)})"
            yield self._finding(
                f"An example's loss depends on the targets of the others{shape}: output and target do not meet row by"
                " row.",
                "Give output and target the same shape, (b,) against (b,): `output.squeeze(-1)`.",
                ("broadcast_shape_mismatch",),
                {"each": None if whole.each is None else list(whole.each.shape), "examples": len(batch)},
            )
            return
        middle = len(batch) // 2
        halves = [
            self._part(bench, outputs, batch, range(middle)),
            self._part(bench, outputs, batch, range(middle, len(batch))),
        ]
        total, weight = (sum(half[at] for half in halves) for at in (0, 1))
        size = max(abs(float(whole.total)), 1e-6)
        if abs(total - float(whole.total)) > self.tolerance * size:
            yield self._finding(
                f"The losses of two halves of a batch add up to {total:.6g}, and the whole has"
                f" {float(whole.total):.6g}: the total is not a sum over examples.",
                "Return the sum over examples with the sum of their weights; leave the division to the step.",
                ("grad_accum_unscaled", "broadcast_shape_mismatch"),
                {"halves": total, "whole": float(whole.total)},
            )
        elif abs(weight - float(whole.weight)) > self.tolerance * max(abs(weight), 1e-6):
            yield self._finding(
                f"The weights of two halves of a batch add up to {weight:.6g}, and the whole has"
                f" {float(whole.weight):.6g}: the loss grows with the number of examples.",
                "Return the sum of the examples' weights beside the sum of their losses.",
                ("loss_sum_reduction", "grad_accum_unscaled"),
                {"halves": weight, "whole": float(whole.weight)},
            )

    def _meets_others(self, bench: Bench, outputs: Outputs, batch: Batch) -> bool:
        """Whether the first example's loss changes when all the others get one target among them."""
        if batch.target is None:
            return False
        other = torch.cat([batch.target[:1], batch.target[1:2].expand_as(batch.target[1:])])
        exchanged = bench.loss(outputs, replace(batch, target=other))
        as_it_is = bench.loss(outputs, batch)
        if as_it_is.each is None or exchanged.each is None or not as_it_is.each.ndim:
            return False
        return difference((as_it_is.each[:1],), (exchanged.each[:1],)) > self.tolerance

    def _part(self, bench: Bench, outputs: Outputs, batch: Batch, rows: range) -> tuple[float, float]:
        total, weight, _ = bench.loss(
            changed(outputs, lambda tensor: tensor[rows.start : rows.stop]), chosen(batch, rows)
        )
        return float(total), float(weight)

    def _finding(self, seen: str, advice: str, causes: tuple[str, ...], evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if causes[0] == "broadcast_shape_mismatch" else Severity.WARNING,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence=evidence,
        )
