"""Every parameter lies on the way from the inputs to the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.batch import Batch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Gradients(Probe):
    """Each trainable parameter receives a gradient from the loss.

    **What it proves.** A parameter without a gradient is not on the way from inputs to loss: its layer is not called,
    or what it gives is cut off (`detach`, `.item()`, a trip through NumPy, an argmax), and it keeps the value that it
    was drawn with. A gradient of exactly zero on every batch does the same: a unit that is dead, a factor of zero.

    **How.** Gradients of `batches` training batches, after a step on each of them, so that what starts at zero on
    purpose (a residual branch, an adapter) has left it. Hooks say which layers were called: one that was called and
    has no gradient is cut off, one that was not is unused.

    **When it stays silent.** Every parameter that asks for a gradient gets one that is not all zeros on some batch;
    frozen parameters do not ask. Unused parameters are a warning; a loss that no parameter reaches is a failure.

    **What it costs.** Two forward and backward passes a batch.
    """

    code: ClassVar[str] = "P105"
    name: ClassVar[str] = "gradients"
    batches: int = 3  # training batches
    examples: int = 32  # rows a batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(self.batches, self.examples)
        untouched = bench.model()
        if not any(parameter.requires_grad for parameter in untouched.parameters()):
            yield self._nothing_trains(sum(1 for _ in untouched.parameters()))
            return
        first = bench.gradients(untouched, batches[0])
        if all(gradient is None for gradient in first.values()):
            yield self._none_at_all(len(first))
            return
        model = bench.trained(batches)
        called = _called(bench, model, batches[0])
        absent: set[str] = set(first)
        still: set[str] = set(first)
        broken = False
        for batch in batches:
            gradients = bench.gradients(model, batch)
            absent &= {name for name, gradient in gradients.items() if gradient is None}
            still &= {name for name, gradient in gradients.items() if gradient is None or not gradient.any()}
            broken |= any(gradient is not None and not _finite(gradient) for gradient in gradients.values())
        cut = [name for name in first if name in absent and name.rpartition(".")[0] in called]
        unused = [name for name in first if name in absent and name not in cut]
        zero = [name for name in first if name in still - absent]
        if cut:
            yield self._finding(
                cut, "was used, but no gradient comes back to it", ("detached_graph", "non_differentiable_op")
            )
        if unused:
            yield self._finding(unused, "takes no part in the loss", ("unused_layer", "detached_graph"))
        if zero and not broken:
            yield self._finding(
                zero,
                f"has a gradient of exactly zero on {counted(len(batches), 'batch')}",
                ("dead_relu", "vanishing_gradient", "detached_graph"),
            )

    def _finding(self, names: Sequence[str], said: str, causes: tuple[str, ...]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{counted(len(names), 'parameter')}, {listed(names)}: each {said}.",
            advice="Follow the tensor from the layer to the loss: mend where it is cut, or remove or freeze the layer.",
            causes=causes,
            where=shown(names),
            evidence={"parameters": list(names[:50]), "count": len(names)},
        )

    def _none_at_all(self, count: int) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The loss reaches none of the {counted(count, 'trainable parameter')}: its graph is cut.",
            advice="Look between model and loss for `detach`, `.item()`, `.data`, `no_grad`, NumPy or an argmax.",
            causes=("loss_detached", "detached_graph", "non_differentiable_op"),
            evidence={"count": count},
        )

    def _nothing_trains(self, count: int) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"None of the {counted(count, 'parameter')} of the model asks for a gradient: nothing can be trained.",
            advice="Set `requires_grad` on what is to be learnt, at least on the last layer.",
            causes=("unintended_frozen_layer",),
            evidence={"count": count},
        )


def _called(bench: Bench, model: nn.Module, batch: Batch) -> set[str]:
    """Names of the modules whose forward ran for a batch."""
    called: set[str] = set()

    def note(name: str) -> object:
        def hook(_module: nn.Module, _arguments: object, _output: object) -> None:
            called.add(name)

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in model.named_modules()]
    try:
        bench.outputs(model, batch)
    finally:
        for handle in handles:
            handle.remove()
    return called


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
