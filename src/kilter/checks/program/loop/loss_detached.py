"""The loss that backward is called on does not come from the model's parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.peeking import Peek, float_tensors
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossDetached(ProgramProbe):
    """Backward from the loss arrives at parameters of the model.

    **What it proves.** The loss was made anew from its number, or computed from outputs without a graph, and asked to
    require a gradient so that backward does not complain: nothing can learn.

    **How.** No recorded backward gave a gradient to any parameter of the model. Where the graph was cut is seen in a
    step up to its backward: the outputs have a graph or not, and what the loss was given are whole numbers or not.

    **When it stays silent.** One parameter was reached once.

    **What it costs.** Nothing beyond the recording, and one peek where there is something to say.
    """

    code: ClassVar[str] = "L104"
    name: ClassVar[str] = "loss-detached"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        backwards = [backward for step in recording.steps for backward in step.backwards]
        if not backwards or not recording.trainable:
            yield Skipped(name=self.name, reason="no backward was called")
            return
        reached = any(b.fresh.get(name) is not None for b in backwards for name in recording.names)
        if reached:
            return
        seen = bench.peek(bench.made(), recording.steps[0].batch)
        outputs = float_tensors(seen.outputs)
        with_graph = any(tensor.requires_grad for tensor in outputs)
        given = _given(seen)
        if with_graph:
            hard = given is not None and few_valued(given) and not any(few_valued(tensor) for tensor in outputs)
        else:
            hard = any(few_valued(tensor) for tensor in outputs) or not outputs
        causes = ("loss_detached", "detached_graph") if with_graph else ("detached_graph", "loss_detached")
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"None of {counted(len(recording.trainable), 'parameter')} got a gradient from"
            f" {counted(len(backwards), 'backward')}; the model's outputs {'had' if with_graph else 'have no'} graph"
            f"{', which the loss lost' if with_graph else ''}.",
            advice="Compute the loss from the model's own outputs by differentiable operations, without `.item()`,"
            " `.detach()`, `torch.tensor(...)` or NumPy on the way.",
            causes=("non_differentiable_op", *causes) if hard else causes,
            evidence={"outputs have a graph": with_graph, "whole numbers met the loss": hard},
        )


def _given(seen: Peek) -> Tensor | None:
    """What the loss function was given first."""
    for call in seen.losses:
        for tensor in leaves(call.arguments).values():
            if tensor.is_floating_point() and tensor.ndim:
                return tensor
    return None


def few_valued(tensor: Tensor) -> bool:
    """Whether a tensor holds whole numbers only, several of them: classes, signs, decisions."""
    values = tensor.detach().float()
    if values.numel() < 4 or not bool((values == values.round()).all()):
        return False
    count = len(torch.unique(values))
    return 2 <= count <= max(2, values.numel() // 2)
