"""Layers that are frozen as they were drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.origins import copies, declared, drawn_at_random, module_of
from kilter.checks.program.loop.perturbing import perturbed
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import agreeing, counted, listed, percent, shown
from kilter.engine.peeking import float_tensors
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenLayers(ProgramProbe):
    """What does not ask for a gradient has learnt before.

    **What it proves.** A layer is frozen at random values: embeddings "from pretrained" that never were, a switch that
    froze too much, weights that were not loaded.

    **How.** Frozen parameters of layers that can learn are random if they differ from seed to seed and are no more
    than independent numbers: the largest singular value of what was learnt stands out of that of the same numbers
    shuffled. It is a warning where the predictions depend on them and on what learns at once.

    **When it stays silent.** Values that are the same for each seed or show order were learnt; declared ones are
    meant. Bare parameters (random features) and networks that only make a target (distillation of random networks)
    are a note.

    **What it costs.** Nothing where nothing is frozen; else two makes and two peeks.
    """

    code: ClassVar[str] = "L108"
    name: ClassVar[str] = "frozen-layers"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not recording.trainable or not recording.steps:
            return  # `standstill` says that nothing learns
        frozen = [n for n in recording.names if n not in recording.trainable and not declared(bench.program, n)]
        first = recording.steps[0].before
        frozen = [n for n in frozen if n in first and torch.equal(first[n], recording.after[n])]
        matrices = [name for name in frozen if len(recording.shapes[name]) > 1]
        if not matrices:
            return
        random = sorted(drawn_at_random(bench, matrices) - copies(recording), key=recording.names.index)
        if not random:
            return
        made = bench.made()
        modules = dict(made.model.named_modules())
        layers = [name for name in random if _can_learn(modules.get(module_of(name)))]
        serious = bool(layers) and _decides_with_others(bench, layers)
        told = layers if serious else random
        sizes = {name: torch.Size(recording.shapes[name]).numel() for name in recording.names}
        share = sum(sizes[name] for name in told) / max(1, sum(sizes.values()))
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if serious else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(len(told), 'parameter')} ({percent(share)} of the model's numbers)"
            f" {agreeing(len(told), 'is', 'are')} frozen at random values: {listed(told)}.",
            advice="Let the layer learn (`freeze=False`, `requires_grad_(True)`), load its weights, or declare it as"
            " frozen.",
            causes=("unintended_frozen_layer",),
            where=shown(told),
            evidence={"parameters": len(told), "share": share},
        )


def _can_learn(module: Any) -> bool:
    """Whether it is a layer as torch makes them, which draws its own weights."""
    return any(callable(getattr(module, word, None)) for word in ("reset_parameters", "_reset_parameters"))


def _decides_with_others(bench: Bench, names: list[str]) -> bool:
    """Whether one output of the model depends on these parameters and has a graph to others, too."""
    made, batch = bench.made(), bench.recording.steps[0].batch
    first = [tensor for tensor in float_tensors(bench.peek(made, batch).outputs) if tensor.requires_grad]
    with perturbed(made, names):
        second = [tensor for tensor in float_tensors(bench.peek(made, batch).outputs) if tensor.requires_grad]
    return any(
        one.shape != other.shape or not torch.equal(one.detach(), other.detach())
        for one, other in zip(first, second, strict=False)
    )
