"""An example's output does not depend on how far it is padded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import difference, tensors
from kilter.checks.preflight.places import answered_places, only_places, padded, under_masks
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.batch import Batch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PaddingIndependence(Probe):
    """An example's output is the same however much padding stands behind it.

    **What it proves.** Padded positions reach the output: a mean or a maximum over them, an attention that does not
    mask them, a recurrent network whose last state is that of the padding. The output then depends on the longest
    neighbour in the batch, which differs between training, evaluation and use.

    **How.** A batch in evaluation mode, as it is and with `more` padded positions behind every row, after a few steps
    of training. Each input that has the two dimensions of `mask` is padded with its zero, spelt tokens by letters, too;
    whatever the mask leaves out must not matter. Target texts that the model is given (`answers`) are padded by
    themselves. Where there is an output for each token, those of the tokens are compared, not those of the padding.

    **When it stays silent.** Outputs agree to `tolerance` of their size, or to ten times what two identical passes
    differ by. Skipped where there is no mask, and where outputs grow with the padding in another way.

    **What it costs.** Some steps and three or four forward passes of `examples` rows.
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
        masks = [name for name, marked in under_masks(batch).items() if marked]
        if not masks:
            yield Skipped(name=self.name, reason="no input is padded: there is no mask")
            return
        model = bench.trained(batches)
        places = answered_places(pipeline.task, batch)
        as_it_is = only_places(tensors(bench.evaluated(model, batch)), places)
        again = only_places(tensors(bench.evaluated(model, batch)), places)
        for mask in masks:
            after = self._outputs(bench, model, batch, mask, as_it_is)
            if after is None:
                yield Skipped(name=self.name, reason="outputs grow with the padding")
                return
            size = difference(as_it_is, only_places(after, places))
            if size > max(self.tolerance, 10 * difference(as_it_is, again)):
                yield self._finding(size, "" if mask == masks[0] else " of its target text")
                return

    def _outputs(
        self, bench: Bench, model: nn.Module, batch: Batch, mask: str, before: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...] | None:
        """Outputs with more padding under a mask, without their places beyond those there were."""
        width = batch.inputs[mask].shape[1]
        after = [
            tensor[:, :width] if tensor.shape[1:2] == (width + self.more,) and old.shape[1:2] == (width,) else tensor
            for tensor, old in zip(
                tensors(bench.evaluated(model, padded(batch, mask, more=self.more))), before, strict=True
            )
        ]
        same_form = all(left.shape == right.shape for left, right in zip(before, after, strict=True))
        return tuple(after) if same_form else None

    def _finding(self, size: float, what: str) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"Outputs changed by {size:.2g} of their size when {self.more} padded positions were added behind each"
            f" example{what}, in evaluation mode.",
            advice="Leave positions out where the mask is false: in pooling, in attention (`key_padding_mask`), and by"
            " packing what goes through a recurrent network.",
            causes=("padding_leak",),
            evidence={"change": size, "positions added": self.more},
        )
