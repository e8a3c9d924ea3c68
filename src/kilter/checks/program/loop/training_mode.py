"""The model is in evaluation mode while it is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.modes import mode_matters
from kilter.checks.program.loop.origins import declared, drawn_at_random
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMode(ProgramProbe):
    """Steps train the model in training mode.

    **What it proves.** Dropout drops nothing and batch normalisation goes by statistics that nobody gathers: the
    training is another one than the model was made for.

    **How.** The mode of each call of the model with gradients in the recorded steps; and whether the outputs are other
    ones in the other mode, which says that the mode matters at all.

    **When it stays silent.** A call with gradients was in training mode; parts alone are in evaluation mode (frozen
    normalisation); the model does not look at its mode, or most of it was learnt before.

    **What it costs.** Nothing beyond the recording where the mode is right; else three peeks.
    """

    code: ClassVar[str] = "L114"
    name: ClassVar[str] = "training-mode"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        calls = [call for step in recording.steps if step.backwards for call in step.calls if call.gradients]
        if not calls:
            yield Skipped(name=self.name, reason="no call of the model with gradients was seen")
            return
        if any(call.training for call in calls):
            return
        made = bench.made()
        if not mode_matters(bench, made, recording.steps[0].batch):
            return
        matrices = [n for n in recording.names if len(recording.shapes[n]) > 1 and not declared(bench.program, n)]
        random = drawn_at_random(bench, matrices)
        sizes = {name: torch.Size(recording.shapes[name]).numel() for name in recording.names}
        if sum(sizes[name] for name in random) < 0.5 * sum(sizes.values()):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"The model was in evaluation mode at all of {counted(len(calls), 'call')} with gradients, and its"
            " outputs are other ones in training mode.",
            advice="Call `model.train()` before each training step that follows an evaluation.",
            causes=("train_in_eval_mode",),
            evidence={"calls": len(calls)},
        )
