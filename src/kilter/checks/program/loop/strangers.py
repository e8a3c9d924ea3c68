"""Weights that the loss depends on and that are not the model's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.origins import has_order
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.listening import graph_leaves
from kilter.engine.peeking import Peek
from kilter.engine.programs import Made, batches, train_step
from kilter.engine.trees import leaves, size, take
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Strangers(ProgramProbe):
    """All weights on the way to the loss are parameters of the model.

    **What it proves.** Layers that stand in a plain list or dictionary are no parameters: no optimizer gets them, no
    checkpoint keeps them, no `.to` moves them. Layers that are made in `forward` are new at each call: nothing of them
    can learn.

    **How.** The leaves of the loss's graph that ask for a gradient and belong neither to the model nor to an
    optimizer. Those that are other objects at the next call are made in `forward`; the others are unregistered.

    **When it stays silent.** Leaves that follow the batch in size or hold its numbers (inputs whose gradient is
    wanted), single numbers and constants (sums that begin with zero), tensors that change from step to step (a second
    model with an optimizer of its own), and weights that were learnt before (a loss by a ready network).

    **What it costs.** Nothing beyond the recording where there is none; else some peeks and steps.
    """

    code: ClassVar[str] = "L109"
    name: ClassVar[str] = "strangers"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not any(shape for s in recording.steps for b in s.backwards for shape in b.strangers):
            return
        made, batch = bench.made(), recording.steps[0].batch
        bench.peek(made, batch)  # what is made at the first call, and kept, is the model's from then on
        first = bench.peek(made, batch)
        found = [leaf for leaf in _leaves(first, made) if _weighty(leaf)]
        count = size(batch)
        if found and count is not None and count > 1:
            found = _without_those_of_the_batch(bench, made, batch, found, count)
        found = [leaf for leaf in found if not any(_same_numbers(leaf, part) for part in leaves(batch).values())]
        if not found:
            return
        again = {id(leaf) for leaf in _leaves(bench.peek(made, batch), made)}
        kept = [leaf for leaf in found if id(leaf) in again]
        if len(kept) < len(found):
            fleeting = [leaf for leaf in found if id(leaf) not in again]
            yield self._finding(fleeting, "layer_created_in_forward", "unregistered_module")
            return
        random = [leaf for leaf in kept if not has_order(leaf)] if any(leaf.ndim > 1 for leaf in kept) else []
        if not any(leaf.ndim > 1 for leaf in random) or _changed(bench, made, random):
            return
        yield self._finding(random, "unregistered_module", "layer_created_in_forward")

    def _finding(self, found: list[Tensor], *causes: str) -> Finding:
        shapes = [tuple(leaf.shape) for leaf in found]
        fleeting = causes[0] == "layer_created_in_forward"
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The loss depends on {counted(len(found), 'tensor')} with a gradient that"
            f" {'are made anew at each call' if fleeting else 'no optimizer holds'} and that are not among the model's"
            f" parameters, of shapes {', '.join(map(str, shapes[:5]))}.",
            advice="Make layers in `__init__` and call them in `forward`."
            if fleeting
            else "Keep layers in `nn.ModuleList` or `nn.ModuleDict`, tensors in `nn.Parameter`, and give them to the"
            " optimizer.",
            causes=causes,
            follows=("loss-detached",),
            evidence={"tensors": len(found), "shapes": [str(shape) for shape in shapes[:20]]},
        )


def _leaves(seen: Peek, made: Made) -> list[Tensor]:
    """Leaves of the loss's graph, or of the outputs', that are neither the model's nor an optimizer's."""
    roots = [seen.loss] if seen.loss is not None else list(leaves(seen.outputs).values())
    known = {id(parameter) for parameter in made.model.parameters()}
    known |= {id(p) for optimizer in made.optimizers for group in optimizer.param_groups for p in group["params"]}
    return [leaf for leaf in graph_leaves(tuple(roots)) if id(leaf) not in known]


def _weighty(leaf: Tensor) -> bool:
    """More than one number, and not all the same."""
    return leaf.numel() > 1 and bool((leaf.detach() != leaf.detach().flatten()[0]).any())


def _without_those_of_the_batch(bench: Bench, made: Made, batch: Any, found: list[Tensor], count: int) -> list[Tensor]:
    """Without leaves of shapes that are there no more when the batch has one row less."""
    with persons_code("A training step up to its backward"):
        fewer = _leaves(bench.peek(made, take(batch, range(count - 1))), made)
    shapes = {tuple(leaf.shape) for leaf in fewer}
    return [leaf for leaf in found if tuple(leaf.shape) in shapes]


def _same_numbers(leaf: Tensor, part: Tensor) -> bool:
    return leaf.numel() == part.numel() and torch.equal(leaf.detach().double().flatten(), part.double().flatten())


def _changed(bench: Bench, made: Made, found: list[Tensor]) -> bool:
    """Whether one of these tensors changes when steps are made."""
    before = [leaf.detach().clone() for leaf in found]
    with persons_code("A training step"):
        for _, batch in batches(bench.program, made, 4):
            train_step(bench.program, made, batch)
    return any(not torch.equal(old, leaf.detach()) for old, leaf in zip(before, found, strict=True))
