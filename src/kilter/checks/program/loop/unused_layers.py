"""Layers that take no part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.cut_graph import unreached
from kilter.checks.program.loop.origins import copies, declared, drawn_at_random, module_of
from kilter.checks.program.loop.perturbing import moves_the_loss
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import agreeing, counted, listed, percent, shown
from kilter.engine.programs import batches, train_step
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedLayers(ProgramProbe):
    """Each layer that is trained takes part in the loss.

    **What it proves.** A layer was made and given to the optimizer, and then left out of the forward pass: the network
    is not the one that was meant.

    **How.** Of the parameters that no recorded backward reached, those are unused whose values do not change the loss.
    Where their modules are never called during up to `steps` steps either, and they hold a good part of the model,
    it is a warning.

    **When it stays silent.** Above a note: modules that are called, be it that their result is not used (the pooler
    of an encoder); layers whose weights were learnt before; parts below `share`.

    **What it costs.** Nothing beyond the recording where all is reached; else some peeks and up to `steps` steps.
    """

    code: ClassVar[str] = "L106"
    name: ClassVar[str] = "unused-layers"
    share: float = 0.1  # of the model's numbers: below it the network is about the one that was meant
    steps: int = 100  # batches in which a rarely used part may turn up

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not any(b.fresh.get(n) is not None for s in recording.steps for b in s.backwards for n in recording.names):
            return
        left = [name for name in unreached(recording) if not declared(bench.program, name)]
        if not left:
            return
        made, batch = bench.made(), recording.steps[0].batch
        if moves_the_loss(bench, made, batch, left) is not False:
            left = [name for name in left if moves_the_loss(bench, made, batch, [name]) is False]
        if not left:
            return
        sizes = {name: torch.Size(shape).numel() for name, shape in recording.shapes.items()}
        share = sum(sizes[name] for name in left) / max(1, sum(sizes[name] for name in recording.names))
        random = drawn_at_random(bench, left) - copies(recording)
        idle = sum(sizes[n] for n in left if n in random) / max(1, sum(sizes[n] for n in recording.names))
        never = idle >= self.share and not self._called(bench, {module_of(name) for name in left if name in random})
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if never else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(len(left), 'parameter')} ({percent(share)} of the model's numbers)"
            f" {agreeing(len(left), 'does', 'do')} not change the loss and"
            f" {agreeing(len(left), 'gets', 'get')} no gradient: {listed(left)}.",
            advice="Call the layer in `forward`, or leave it out of the model.",
            causes=("unused_layer",),
            where=shown(left),
            evidence={"parameters": len(left), "share": share, "never called": never},
        )

    def _called(self, bench: Bench, modules: set[str]) -> bool:
        """Whether a step calls one of these modules."""
        made = bench.made()
        seen: list[bool] = []

        def entering(_module: Any, _arguments: Any) -> None:
            seen.append(True)

        with ExitStack() as stack:
            for name, module in made.model.named_modules():
                if name in modules:
                    stack.callback(module.register_forward_pre_hook(entering).remove)
            with persons_code("A training step"):
                for _, batch in batches(bench.program, made, self.steps):
                    train_step(bench.program, made, batch)
                    if seen:
                        return True
        return False
