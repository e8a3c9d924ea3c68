"""An example's output does not depend on how far it is padded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, final

from torch.nn import functional

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import difference, tensors
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PaddingIndependence(Probe):
    """An example's output is the same however much padding stands behind it.

    **What it proves.** Padded positions reach the output: a mean or a maximum over them, an attention that does not
    mask them, a recurrent network whose last state is that of the padding. The output then depends on the longest
    neighbour in the batch, which differs between training, evaluation and use.

    **How.** A batch in evaluation mode, as it is and with `more` padded positions behind every row, after a few steps
    of training. Each input that has the two dimensions of `mask` is padded with its zero; whatever the mask leaves out
    must not matter.

    **When it stays silent.** Outputs agree to `tolerance` of their size, or to ten times what two identical passes
    differ by. Skipped where there is no mask, and where outputs have positions of their own.

    **What it costs.** Some steps and three forward passes of `examples` rows.
    """

    code: ClassVar[str] = "P104"
    name: ClassVar[str] = "padding-independence"
    tolerance: float = 1e-3  # of the largest output; another length takes other kernels
    examples: int = 8  # rows of the batch
    more: int = 7  # padded positions that are added

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(3, self.examples)
        batch = batches[0]
        mask = batch.inputs.get("mask")
        if mask is None or mask.ndim != 2:
            yield Skipped(name=self.name, reason="no input is padded: there is no mask")
            return
        model = bench.trained(batches)
        as_it_is = tensors(bench.evaluated(model, batch))
        again = tensors(bench.evaluated(model, batch))
        padded = tensors(bench.evaluated(model, self._padded(batch, mask)))
        if any(left.shape != right.shape for left, right in zip(as_it_is, padded, strict=True)):
            yield Skipped(name=self.name, reason="outputs have a position for each padded one")
            return
        size = difference(as_it_is, padded)
        if size <= max(self.tolerance, 10 * difference(as_it_is, again)):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"Outputs changed by {size:.2g} of their size when {self.more} padded positions were added behind each"
            " example, in evaluation mode.",
            advice="Leave positions out where the mask is false: in pooling, in attention (`key_padding_mask`), and by"
            " packing what goes through a recurrent network.",
            causes=("padding_leak",),
            evidence={"change": size, "positions added": self.more},
        )

    def _padded(self, batch: Batch, mask: Tensor) -> Batch:
        inputs = {
            name: functional.pad(tensor, [0, 0] * (tensor.ndim - 2) + [0, self.more])
            if tensor.shape[:2] == mask.shape
            else tensor
            for name, tensor in batch.inputs.items()
        }
        return replace(batch, inputs=inputs)
