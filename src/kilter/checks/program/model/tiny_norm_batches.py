"""Batch normalisation over a handful of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar, final

import torch
from torch import nn

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.scene import fresh
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TinyNormBatches(ProgramProbe):
    """Batch normalisation takes its mean and variance from enough numbers.

    **What it proves.** From four numbers or fewer, a mean and a variance are mostly chance: each example is divided by
    its neighbours' noise, and evaluation, which uses long averages, meets another network.

    **How.** What reaches each batch normalisation in the first steps is counted: rows times places, for each channel.

    **When it stays silent.** More than `numbers` numbers stand behind each mean, as for pictures even in small
    batches; the layer is held in evaluation mode. Up to twice as many are a note.

    **What it costs.** Three forward passes.

    **Source.** Ioffe 2017, Batch renormalization (NeurIPS), section 3; Wu and He 2018, Group normalization (ECCV).
    """

    code: ClassVar[str] = "M111"
    name: ClassVar[str] = "tiny-norm-batches"
    numbers: int = 4  # behind a mean

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        made = fresh(bench)
        kind = nn.modules.batchnorm._BatchNorm  # noqa: SLF001 - the one parent of all batch norms
        norms = {name: module for name, module in made.model.named_modules() if isinstance(module, kind)}
        if not norms or not bench.recording.steps:
            yield Skipped(name=self.name, reason="the model has no batch normalisation")
            return
        counts: dict[str, list[int]] = {name: [] for name in norms}

        def noting(name: str) -> Any:
            def hook(module: nn.Module, arguments: tuple[Any, ...]) -> None:
                if module.training and arguments and isinstance(arguments[0], torch.Tensor):
                    counts[name].append(arguments[0].numel() // max(1, arguments[0].shape[1]))

            return hook

        handles = [module.register_forward_pre_hook(noting(name)) for name, module in norms.items()]
        try:
            for step in bench.recording.steps[:3]:
                bench.peek(made, step.batch)
        finally:
            for handle in handles:
                handle.remove()
        few = {name: int(median(seen)) for name, seen in counts.items() if seen and median(seen) <= 2 * self.numbers}
        if not few:
            return
        least = min(few.values())
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if least <= self.numbers else Severity.NOTE,
            strength=Strength.MEASURED,
            seen=f"Batch normalisation in {listed(few)} takes each mean and variance from {counted(least, 'number')}.",
            advice="Use larger batches, or a normalisation that does not look at the batch, such as LayerNorm or"
            " GroupNorm.",
            causes=("bn_tiny_batch", "batch_too_small"),
            where=shown(list(few)),
            evidence={"numbers": few[min(few, key=lambda name: few[name])]},
        )
