"""What the loss depends on is known to the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StrayedParameters(Probe):
    """Tensors that take part in the loss and ask for a gradient, but are no parameters of the model.

    **What it proves.** Layers in a plain list or dictionary are not registered: they are not moved, not saved, not
    trained. Layers that are made inside the forward pass are drawn anew each time, and never learn.

    **How.** The graph of the loss is followed back to its leaves. A leaf that is no parameter of the model, and is the
    same tensor in two passes, is unregistered; one that is another tensor each time is made in the forward pass.

    **When it stays silent.** All leaves are parameters of the model.

    **What it costs.** Two forward passes of `examples` rows.
    """

    code: ClassVar[str] = "P112"
    name: ClassVar[str] = "strayed-parameters"
    examples: int = 8  # rows of the batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batch = bench.batches(1, self.examples)[0]
        model = bench.model()
        known = {id(parameter) for parameter in model.parameters()} | {id(tensor) for tensor in batch.inputs.values()}
        passes = [_leaves(bench.tracked(model, batch)) for _ in range(2)]
        strays = [{key: leaf for key, leaf in leaves.items() if key not in known} for leaves in passes]
        if not strays[0]:
            return
        kept = strays[0].keys() & strays[1].keys()
        made = [leaf for key, leaf in strays[0].items() if key not in kept]
        numbers = sum(leaf.numel() for leaf in strays[0].values())
        sizes = ", ".join(str(tuple(leaf.shape)) for leaf in list(strays[0].values())[:5])
        said = "are drawn anew in each forward pass" if made else "are not registered with it"
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"The loss depends on {counted(len(strays[0]), 'tensor')} ({numbers:,} numbers, of sizes {sizes}) that"
            f" ask for a gradient and are no parameters of the model: they {said}.",
            advice="Make the layer once, in `__init__`."
            if made
            else "Keep layers in an `nn.ModuleList` or as attributes, and tensors as `nn.Parameter`.",
            causes=("layer_created_in_forward", "unregistered_module")
            if made
            else ("unregistered_module", "optimizer_missing_group"),
            evidence={"tensors": len(strays[0]), "numbers": numbers, "the same in the next pass": len(kept)},
        )


def _leaves(loss: Tensor) -> dict[int, Tensor]:
    """Tensors at the ends of a graph that ask for a gradient, by identity."""
    leaves: dict[int, Tensor] = {}
    seen: set[object] = set()
    waiting: list[Any] = [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):  # where a gradient is accumulated
            leaves[id(node.variable)] = node.variable
        waiting += [parent for parent, _ in node.next_functions]
    return leaves
