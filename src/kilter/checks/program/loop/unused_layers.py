"""Layers that take no part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from kilter.values.recording import Recording


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedLayers(ProgramProbe):
    """Each layer that is trained takes part in the loss.

    **What it proves.** A layer was made and given to the optimizer, and then left out of the forward pass: the network
    is not the one that was meant.

    **How.** Of the parameters that no recorded backward reached, those are unused whose values do not change the loss.
    Where their modules are never called during up to `steps` steps either, and they hold a good part of the model,
    or where they hold most of it, it is a warning.

    **When it stays silent.** Above a note: modules that are called, be it that their result is not used (the pooler
    of an encoder); layers whose weights were learnt before; parts below `share`.

    **What it costs.** Nothing beyond the recording where all is reached; else some peeks and up to `steps` steps.
    """

    code: ClassVar[str] = "L106"
    name: ClassVar[str] = "unused-layers"
    share: float = 0.1  # of the model's numbers: below it the network is about the one that was meant
    most: float = 0.5  # of the model's numbers, called or not: what remains is another model
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
        share = _share(recording, left)
        random = drawn_at_random(bench, left) - copies(recording)
        idle = {module_of(name) for name in random}
        silent = idle - self._called(bench, idle) if _share(recording, random) >= self.share else set()
        never = _share(recording, (name for name in random if module_of(name) in silent)) >= self.share
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if never or _share(recording, random) > self.most else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(len(left), 'parameter')} ({percent(share)} of the model's numbers)"
            f" {agreeing(len(left), 'does', 'do')} not change the loss and"
            f" {agreeing(len(left), 'gets', 'get')} no gradient: {listed(left)}.",
            advice="Call the layer in `forward`, or leave it out of the model.",
            causes=("unused_layer",),
            where=shown(left),
            evidence={"parameters": len(left), "share": share, "never called": never},
        )

    def _called(self, bench: Bench, modules: set[str]) -> set[str]:
        """Which of these modules a step calls."""
        made = bench.made()
        seen: set[str] = set()

        def hook(name: str) -> Any:
            def entering(_module: Any, _arguments: Any) -> None:
                seen.add(name)

            return entering

        with ExitStack() as stack:
            for name, module in made.model.named_modules():
                if name in modules:
                    stack.callback(module.register_forward_pre_hook(hook(name)).remove)
            with persons_code("A training step"):
                for _, batch in batches(bench.program, made, self.steps):
                    train_step(bench.program, made, batch)
                    if seen >= modules:
                        break
        return seen


def _share(recording: Recording, names: Iterable[str]) -> float:
    """Of the model's numbers, the share that these parameters hold."""
    sizes = {name: torch.Size(recording.shapes[name]).numel() for name in recording.names if name in recording.shapes}
    return sum(sizes.get(name, 0) for name in names) / max(1, sum(sizes.values()))
