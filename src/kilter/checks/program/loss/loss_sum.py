"""The loss does not grow with the batch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import NOT_SEEN, Form, Meeting, met
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.programs import Made, train_step
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch.optim import Optimizer


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossSum(ProgramProbe):
    """What is minimised is a mean over the batch; or its sum, if the learning rate is made for that.

    **What it proves.** The loss is a sum over the examples, so that gradients are as many times too large for a rate
    that is made for means, and grow with the batch size.

    **How.** The loss is asked about the same batch twice over: a mean stays, a sum doubles. What backward is called on
    tells whether the sum is divided later. Then the same dozen steps are made with gradients divided by the number of
    examples, from the same start: it is a warning if those learn and the program's own do not, or less than `half` as
    much; else a note.

    **When it stays silent.** The loss is a mean, or is divided before backward. Optimizers that scale gradients
    themselves learn as well by sums.

    **What it costs.** Two calls of the loss; where it is a sum, twice the recorded steps.

    **Source.** PyTorch's `reduction="sum"`; Goyal et al. 2017, Accurate, large minibatch SGD, section 2.
    """

    code: ClassVar[str] = "O108"
    name: ClassVar[str] = "loss-sum"
    half: float = 0.5  # of what means learn
    learnt: float = 0.05  # of the first loss, which means must win for the comparison to say anything

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        examples = self._summed_over(surface, meeting)
        if examples is None or examples < 2 or self._divided_later(bench, surface):
            return
        start, own = self._after(bench, 1.0)
        _, mean = self._after(bench, 1.0 / examples)
        won = start - mean
        harmful = won > self.learnt * abs(start) and not start - own > self.half * won
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if harmful else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"The loss is a sum over {examples} examples; in {len(bench.recording.steps)} steps it goes from"
            f" {start:.4g} to {own:.4g}, and with gradients of the mean to {mean:.4g}.",
            advice="Take the mean over the examples (`reduction='mean'`), or divide the learning"
            " rate by the batch size.",
            causes=("loss_sum_reduction", "lr_too_high"),
            evidence={"examples": examples, "first": start, "as it is": own, "by means": mean},
        )

    def _summed_over(self, surface: Surface, meeting: Meeting) -> int | None:
        given, target = surface.given, surface.target
        if surface.heard and target.ndim and target.shape[0] == given.shape[0]:
            once = surface.loss()
            twice = surface.loss(torch.cat([given, given]), torch.cat([target, target]))
            return len(given) if abs(twice - 2 * once) < 1e-4 * abs(once) and once != 0 else None
        if meeting.form is Form.CLASSES:  # where only the step can be asked: no answer costs log k
            none = surface.loss(torch.zeros_like(given)) / math.log(meeting.wanted.shape[1])
            count = int((meeting.classes >= 0).sum())
            return count if count > 2 and abs(none / count - 1) < 0.01 else None
        return None

    def _divided_later(self, bench: Bench, surface: Surface) -> bool:
        """Whether backward is called on far less than what the loss function said."""
        if not surface.heard:
            return False
        for step in bench.recording.steps[:3]:
            if not step.losses or not step.backwards:
                continue
            said, called = float(sum(float(c.result) for c in step.losses)), float(step.backwards[0].loss.sum())
            if abs(called) < 0.75 * abs(said):
                return True
        return False

    def _after(self, bench: Bench, factor: float) -> tuple[float, float]:
        """The loss of the first batch before and after the recorded steps, with gradients so many times as large."""
        made = bench.made()
        batches = [step.batch for step in bench.recording.steps]

        def scaled(optimizer: Optimizer, _arguments: object, _keywords: object) -> None:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        parameter.grad.mul_(factor)

        handles = [optimizer.register_step_pre_hook(scaled) for optimizer in made.optimizers]
        before = self._mean_loss(bench, made, batches)
        with persons_code("A training step"):
            for batch in batches:
                train_step(bench.program, made, batch)
        for handle in handles:
            handle.remove()
        after = self._mean_loss(bench, made, batches)
        return before, after if math.isfinite(after) else math.inf

    def _mean_loss(self, bench: Bench, made: Made, batches: list[Any]) -> float:
        losses = [bench.peek(made, batch, training=False).loss for batch in batches[:3]]
        found = [float(loss.detach().sum()) for loss in losses if loss is not None]
        return sum(found) / len(found) if found else math.nan
