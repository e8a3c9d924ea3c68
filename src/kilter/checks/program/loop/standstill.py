"""Nothing changes while the program steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.windows import finite, nothing
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.programs import batches, train_step
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.recording import Recording


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill(ProgramProbe):
    """Parameters are other ones after some steps.

    **What it proves.** No backward is called, no optimizer steps, or its step does nothing: what is printed is the
    loss of the first model, over and over.

    **How.** All parameters are compared bit by bit over the recorded steps. If none changed, steps go on until one
    does, for `longest` batches or one epoch with its end, whichever is more: gradients may be gathered that long.
    Then the backwards and the updates that were seen say what is missing.

    **When it stays silent.** Anything changed, by whatever means; gradients met the optimizer at a rate of zero or
    below what the numbers can hold, were lost on the way, or never came from the model: other checks say so.

    **What it costs.** Nothing beyond the recording where something moves.
    """

    code: ClassVar[str] = "L103"
    name: ClassVar[str] = "standstill"
    longest: int = 64  # batches that a program may gather gradients over
    seconds: float = 5.0  # for the steps beyond the recording

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not recording.steps or recording.error is not None:
            yield Skipped(name=self.name, reason="no whole run of steps was recorded")
            return
        first, after = recording.steps[0].before, recording.after
        if any(name in first and not torch.equal(first[name], after[name]) for name in recording.names):
            return
        if not recording.trainable:
            yield self._finding("No parameter of the model asks for a gradient.", "unintended_frozen_layer")
            return
        backwards = [backward for step in recording.steps for backward in step.backwards]
        if backwards and _told_by_others(recording):
            return
        if self._moves_later(bench):
            return
        seen = f"No parameter changed in {counted(len(recording.steps), 'step')}"
        if not backwards:
            yield self._finding(f"{seen}, and no backward was called.", "missing_backward", "no_optimizer_step")
        else:
            yield self._finding(
                f"{seen}, though {counted(len(backwards), 'backward')} gave gradients;"
                f" {counted(len(recording.updates), 'update')} of optimizers took place.",
                "no_optimizer_step",
            )

    def _finding(self, seen: str, *causes: str) -> Finding:
        advice = {
            "missing_backward": "Call `loss.backward()` before the optimizer's step.",
            "no_optimizer_step": "Call `optimizer.step()` after the backward, and see that it is the optimizer's own.",
            "unintended_frozen_layer": "Set `requires_grad` of the parameters that are to learn.",
        }
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice[causes[0]],
            causes=causes,
        )

    def _moves_later(self, bench: Bench) -> bool:
        """Whether a parameter changes in the steps after those that were recorded."""
        made = bench.made()
        began = time.perf_counter()
        before = {name: parameter.detach().clone() for name, parameter in made.model.named_parameters()}
        ends = 0
        with persons_code("A training step"):
            for count, (epoch, batch) in enumerate(batches(bench.program, made, 100_000)):
                if epoch > ends:
                    ends = epoch
                    if _changed(before, made.model):
                        return True
                if (count >= self.longest and ends) or time.perf_counter() - began > self.seconds:
                    break
                train_step(bench.program, made, batch)
                if count >= len(bench.recording.steps) and _changed(before, made.model):
                    return True
        return _changed(before, made.model)


def _changed(before: dict[str, torch.Tensor], model: torch.nn.Module) -> bool:
    return any(n not in before or not torch.equal(before[n], p.detach()) for n, p in model.named_parameters())


def _told_by_others(recording: Recording) -> bool:
    """Whether gradients did not come, were no numbers, were lost, or met a rate that nothing can come of."""
    backwards = [backward for step in recording.steps for backward in step.backwards]
    fresh = [gradient for backward in backwards for gradient in backward.fresh.values()]
    if not finite(fresh) or all(map(nothing, fresh)) or _rates_are_zero(recording):
        return True
    met = any(not nothing(gradient) for update in recording.updates for gradient in update.gradients.values())
    return bool(recording.updates) and not (met and _ought_to_move(recording))


def _rates_are_zero(recording: Recording) -> bool:
    rates = [group.get("lr") for update in recording.updates for group in update.groups]
    return bool(rates) and all(rate == 0 for rate in rates)


def _ought_to_move(recording: Recording) -> bool:
    """Whether some update was large enough for the numbers to hold it."""
    for update in recording.updates:
        rate = max((float(group.get("lr", 0.0)) for group in update.groups), default=0.0)
        for name, gradient in update.gradients.items():
            if gradient is None or name not in update.before:
                continue
            value = update.before[name]
            least = torch.finfo(value.dtype).eps * value.abs().clamp_min(torch.finfo(value.dtype).tiny)
            if bool((rate * gradient.abs() > 4 * least).any()):
                return True
    return False
