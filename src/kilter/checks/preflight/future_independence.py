"""What is said of the next token does not depend on the tokens after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import torch

from kilter.checks.preflight.bench import Bench, with_inputs
from kilter.checks.preflight.outputs import difference, tensors
from kilter.checks.preflight.places import mask_of, under_masks
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline
from kilter.values.task import Form

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch

_GROWING: Final = {Form.NEXT: "tokens", Form.TEXT: "answers"}
"""The text that is written token by token, by form."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FutureIndependence(Probe):
    """A model of the next token says the same of a place whatever comes after it.

    **What it proves.** The model looks ahead: attention without a causal mask, a recurrent layer that reads backwards,
    a pooling or a normalisation over all places, an input that is shifted by one. It is then asked for what it is
    shown; its loss falls far below what it can do when it writes, where nothing comes after.

    **How.** After a few steps of training, the tokens in the second part of each row are exchanged for other ones of
    the batch, in evaluation mode; outputs at the places before them are compared. Of a target text that is written
    from given inputs, the tokens of the target text are exchanged, and the inputs stay.

    **When it stays silent.** Outputs before the exchanged tokens agree to `tolerance` of their size, or to ten times
    what two identical passes differ by. Skipped where the model does not say what comes next, and where no row has
    two tokens.

    **What it costs.** Some steps and three forward passes of `examples` rows.

    **Source.** Vaswani et al. 2017, Attention is all you need (NeurIPS), section 3.2.3; Karpathy 2019, A recipe for
    training neural networks, "use backprop to chart dependencies".
    """

    code: ClassVar[str] = "P113"
    name: ClassVar[str] = "future-independence"
    tolerance: float = 1e-4  # of the largest output
    examples: int = 8  # rows of the batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        name = _GROWING.get(pipeline.task.form, "")
        if not name:
            yield Skipped(name=self.name, reason="the model does not say what comes next")
            return
        batches = bench.batches(3, self.examples)
        batch = batches[0]
        mask = mask_of(batch, name)
        if mask is None:
            yield Skipped(name=self.name, reason=f"the batch has no input {name!r} with a mask")
            return
        kept = _first_part(mask)
        other = {part: _exchanged(batch.inputs[part], mask & ~kept) for part in _together(batch, name)}
        if all(torch.equal(batch.inputs[part], tensor) for part, tensor in other.items()):
            yield Skipped(name=self.name, reason="no row has two tokens that could be exchanged for others")
            return
        model = bench.trained(batches)
        passes = [
            tuple(tensor[kept] for tensor in tensors(bench.evaluated(model, given)) if tensor.shape[:2] == kept.shape)
            for given in (batch, batch, with_inputs(batch, **other))
        ]
        if not passes[0]:
            yield Skipped(name=self.name, reason="outputs have no place for each token")
            return
        size = difference(passes[0], passes[2])
        if size <= max(self.tolerance, 10 * difference(passes[0], passes[1])):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"Outputs changed by {size:.2g} of their size when only tokens after them in `{name}` were exchanged,"
            " in evaluation mode: the model sees what it is asked for.",
            advice="Mask later places in the attention (`is_causal=True`), read in one direction, pool nothing over"
            " places, and see that targets are the tokens one place further.",
            causes=("future_leak", "labels_shifted"),
            evidence={"change": size, "input": name},
        )


def _first_part(mask: Tensor) -> Tensor:
    """The places (b, t) of the first half of each row's tokens, one of them at least."""
    halves = (mask.sum(dim=1, keepdim=True) // 2).clamp(min=1)
    return mask & (torch.arange(mask.shape[1], device=mask.device) < halves)


def _together(batch: Batch, name: str) -> tuple[str, ...]:
    """The text and what says more of its tokens."""
    return next(names for names in under_masks(batch).values() if name in names)


def _exchanged(tensor: Tensor, places: Tensor) -> Tensor:
    """A tensor (b, t, ...) whose contents at these places have changed places among themselves, in one turn."""
    other = tensor.clone()
    contents = tensor[places]
    other[places] = contents.roll(max(1, len(contents) // 2), dims=0)
    return other
