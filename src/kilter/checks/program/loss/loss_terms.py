"""No term beside it drowns the loss of the task."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED
from kilter.checks.program.loss.surface import Surface, surface
from kilter.checks.program.predicted import main_output
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.peeking import float_tensors, gradients_of, output_gradient
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.programs import Made


class _Terms(NamedTuple):
    """Gradients by the parameters: their sizes, and the cosine of the angle between the task's and the whole."""

    task: float
    rest: float
    cosine: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossTerms(ProgramProbe):
    """The gradient that moves the weights is the task's, not that of a penalty or a second loss.

    **What it proves.** What backward is called on is more than the loss of predictions and targets, and the rest has a
    gradient `times` as large, in another direction: steps go where the second term wants them.

    **How.** The gradient of the task is that of the loss by the model's main output, carried on to the parameters; the
    rest is what the whole gradient holds besides. Both are compared on a fresh model and after some steps.

    **When it stays silent.** The rest is not that large at one of the two, or points the same way. Skipped where the
    model is called more than once in a step, and for kinds of problems without targets for each example.

    **What it costs.** Two peeks with three gradients each, and some steps where the first one is suspicious.

    **Source.** Kendall, Gal and Cipolla 2018, Multi-task learning using uncertainty to weigh losses (CVPR), section 3.
    """

    code: ClassVar[str] = "O113"
    name: ClassVar[str] = "loss-terms"
    times: float = 10.0  # as large as the task's gradient
    cosine: float = 0.3  # between the task's gradient and the whole

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        kind = bench.program.task
        if kind not in CLASSED and kind not in (Kind.REGRESSION, Kind.MULTILABEL):
            return
        asked = surface(bench)
        batch = bench.recording.steps[0].batch if bench.recording.steps else None
        if batch is None:
            return
        first = self._terms(bench, bench.made(), batch, asked)
        if first is None:
            yield Skipped(name=self.name, reason="the task's part of the loss cannot be told from the rest")
            return
        if not self._drowned(first):
            return
        later = self._terms(bench, bench.warmed(), batch, asked)
        if later is None or not self._drowned(later):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"A term beside the task's loss has {first.rest / first.task:.3g} times its gradient at the start and"
            f" {later.rest / later.task:.3g} times after some steps; the cosine between the task's"
            " gradient and the whole is"
            f" {later.cosine:.2g}.",
            advice="Give the second term a weight with which its gradient is not larger than the task's.",
            causes=("auxiliary_loss_dominates",),
            evidence={
                "task": first.task, "rest": first.rest, "cosine": first.cosine,
                "task later": later.task, "rest later": later.rest, "cosine later": later.cosine,
            },
            follows=("loss-direction",),
        )  # fmt: skip

    def _drowned(self, terms: _Terms) -> bool:
        return terms.rest > self.times * terms.task and abs(terms.cosine) < self.cosine

    def _answer(self, bench: Bench, outputs: Any) -> Tensor | None:
        """The output that is the task's: the only one with a number for each class, or the main one."""
        fitting = [t for t in float_tensors(outputs) if t.ndim > 1 and t.shape[-1] == bench.program.classes]
        return fitting[0] if len(fitting) == 1 else main_output(outputs)

    def _terms(self, bench: Bench, made: Made, batch: Any, asked: Surface | None) -> _Terms | None:
        seen = bench.peek(made, batch, training=False)
        outputs = self._answer(bench, seen.outputs)
        if seen.loss is None or seen.calls != 1 or outputs is None or not outputs.requires_grad:
            return None
        if not seen.loss.requires_grad or seen.loss.numel() != 1:
            return None
        by_outputs = output_gradient(seen.loss, outputs)
        if by_outputs is None or not bool(by_outputs.any()) or not bool(torch.isfinite(by_outputs).all()):
            return None
        if (
            asked is not None
            and asked.places is not None
            and len(seen.losses) == 1
            and asked.given.shape == outputs.shape
        ):
            of_task = asked.gradient(outputs.detach())
            if of_task is not None and bool(of_task.any()):
                weight = float((by_outputs * of_task).sum() / (of_task * of_task).sum())
                by_outputs = weight * of_task
        task = gradients_of((outputs * by_outputs.detach()).sum(), made.model)
        whole = gradients_of(seen.loss, made.model)
        left, right = _flat(task, whole), _flat(whole, task)
        size = float(left.norm())
        rest = float((right - left).norm())
        if not size or not math.isfinite(size + rest):
            return None
        return _Terms(size, rest, float(left @ right) / (size * float(right.norm()) or 1.0))


def _flat(gradients: dict[str, Tensor | None], like: dict[str, Tensor | None]) -> Tensor:
    """All in one row, zeros where there is none."""
    parts: list[Tensor] = []
    for name, gradient in gradients.items():
        other = like[name]
        if gradient is not None:
            dense = gradient.to_dense() if gradient.is_sparse else gradient
            parts.append(dense.detach().flatten().double())
        elif other is not None:
            parts.append(torch.zeros(other.numel(), dtype=torch.float64))
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)
