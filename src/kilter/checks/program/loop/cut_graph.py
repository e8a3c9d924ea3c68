"""Parameters that decide the loss get no gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.loss_detached import few_valued
from kilter.checks.program.loop.origins import copies, declared, drawn_at_random, module_of
from kilter.checks.program.loop.perturbing import inputs_without_graph, moves_the_loss, perturbed
from kilter.checks.program.loop.windows import nothing
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Recording

if TYPE_CHECKING:
    from torch import Tensor

STEPS: Final = ("Round", "Sign", "Floor", "Ceil", "Trunc", "Heaviside", "Sgn")
"""How autograd calls operations whose derivative is zero almost everywhere."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CutGraph(ProgramProbe):
    """A parameter that the loss depends on gets a gradient.

    **What it proves.** The graph is cut inside of the model, by `detach`, `no_grad`, NumPy or an operation without a
    derivative (rounding, sign, argmax): what lies before the cut stays as it was drawn.

    **How.** Parameters that no recorded backward reached, though they are in an optimizer, are put to other values: if
    the loss changes, it depends on them, and only their gradient is missing. What the modules after the cut are given
    then tells a detached graph from an operation without a derivative: that one gives whole numbers.

    **When it stays silent.** The parameters are no random ones (weights learnt before that are used without a graph),
    nobody meant to train them (no optimizer holds them, or they began as a copy of others: targets), they change by
    other means, or
    the loss does not depend on them.

    **What it costs.** Nothing beyond the recording where all is reached; else some peeks.
    """

    code: ClassVar[str] = "L105"
    name: ClassVar[str] = "cut-graph"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        cut = [name for name in unreached(recording) if not declared(bench.program, name)]
        flat = [name for name in flat_ones(recording) if not declared(bench.program, name)]
        if not any(b.fresh.get(n) is not None for s in recording.steps for b in s.backwards for n in recording.names):
            return  # nothing is reached at all: `loss-detached`
        if not cut and not flat:
            return
        batch = recording.steps[0].batch
        made = bench.made()
        stepped = bool(flat) and _steps_in(bench.peek(made, batch).loss)
        if not cut and not stepped:
            return
        random = drawn_at_random(bench, [*cut, *flat]) - copies(recording)
        deciding = [n for n in cut if n in random and moves_the_loss(bench, made, batch, [n])]
        if deciding:
            deciding = [n for n in cut if module_of(n) in {module_of(other) for other in deciding}]
            hard = _whole_numbers_after(bench, batch, deciding)
        else:
            deciding = [n for n in flat if n in random and moves_the_loss(bench, made, batch, [n])] if stepped else []
            hard = True
        if not deciding:
            return
        share = sum(_count(recording, n) for n in deciding) / sum(_count(recording, n) for n in recording.names)
        causes = ("detached_graph", "non_differentiable_op")
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"{counted(len(deciding), 'parameter')} ({share:.0%} of the model's numbers) got no gradient in"
            f" {counted(len(recording.steps), 'step')}, though other values of theirs change the loss:"
            f" {listed(deciding)}.",
            advice="Replace rounding, sign, argmax or comparison between them and the loss by something with a"
            " derivative, or give it the derivative of its neighbour (straight-through)."
            if hard
            else "Keep the graph between them and the loss: no `detach`, `no_grad`, `.data`, `torch.tensor` or NumPy.",
            causes=causes[::-1] if hard else causes,
            where=shown(deciding),
            evidence={"parameters": len(deciding), "share": share, "whole numbers after them": hard},
        )


def unreached(recording: Recording) -> list[str]:
    """Trainable parameters in an optimizer that no backward gave a gradient, and that did not change either."""
    return _left_out(recording, lambda gradient: gradient is None)


def flat_ones(recording: Recording) -> list[str]:
    """Those whose gradient was there, and zero throughout."""
    absent = set(unreached(recording))
    return [name for name in _left_out(recording, nothing) if name not in absent]


def _left_out(recording: Recording, missing: Any) -> list[str]:
    backwards = [backward for step in recording.steps for backward in step.backwards]
    if not backwards:
        return []
    first = recording.steps[0].before
    return [
        name
        for name in recording.names
        if name in recording.trainable
        and name in recording.held
        and all(missing(backward.fresh.get(name)) for backward in backwards)
        and (name not in first or _same(first[name], recording.after[name]))
    ]


def _same(before: Tensor, after: Tensor) -> bool:
    """Equal but for a decay, which is no learning."""
    if before.shape != after.shape:
        return False
    ratio = float((before.double() * after.double()).sum() / before.double().square().sum().clamp_min(1e-300))
    return bool(torch.allclose(after.double(), ratio * before.double(), rtol=1e-4, atol=1e-12))


def _count(recording: Recording, name: str) -> int:
    return torch.Size(recording.shapes[name]).numel() if name in recording.shapes else 0


def _steps_in(loss: Tensor | None) -> bool:
    """Whether a loss's graph holds an operation whose derivative is zero almost everywhere."""
    pending: list[Any] = [] if loss is None or loss.grad_fn is None else [loss.grad_fn]
    seen: set[Any] = set(pending)
    while pending:
        node = pending.pop()
        if node.name().startswith(STEPS):
            return True
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                pending.append(following)
    return False


def _whole_numbers_after(bench: Bench, batch: Any, names: list[str]) -> bool:
    """Whether what the last module after the cut is given, and what changes with these parameters, is discrete."""
    made = bench.made()
    with inputs_without_graph(made.model) as first:
        bench.peek(made, batch)
    with inputs_without_graph(made.model) as second, perturbed(made, names):
        bench.peek(made, batch)
    inside = {module_of(name) for name in names}
    moved = [
        after
        for (name, before), (_, after) in zip(first, second, strict=False)
        if name not in inside and (before.shape != after.shape or not torch.equal(before, after))
    ]
    return bool(moved) and (not moved[-1].is_floating_point() or few_valued(moved[-1]))
