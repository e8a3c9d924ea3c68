"""The loss of a fresh model is about that of knowing nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met
from kilter.checks.program.loss.reach import reach
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.trees import leaves, with_leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLoss(ProgramProbe):
    """A model that has learnt nothing is not sure of anything.

    **What it proves.** Outputs are too large at the start: the loss is far above that of an answer that says nothing
    (log k for k classes, the targets' second moment about the best constant for numbers), and the first epochs go into
    unlearning it.

    **How.** The program's own loss is asked about predictions that are all zero, or all the mean of the targets, and is
    compared with that of two fresh models in evaluation mode. If it is the size of the inputs, scaling them to mean 0
    and standard deviation 1 cures it.

    **When it stays silent.** The loss is within `warn` times that of knowing nothing for one of the two models. A note
    where the last layer shares its weights with an embedding, whose usual size is large, and where outputs are bounded,
    as scaled cosines are.

    **What it costs.** Two forward passes, another one where the loss is high.

    **Source.** Karpathy 2019, A recipe for training neural networks, "verify loss @ init".
    """

    code: ClassVar[str] = "O116"
    name: ClassVar[str] = "first-loss"
    warn: float = 3.0  # times the loss of knowing nothing
    numbers: float = 10.0  # the same for distances, which are squares

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        nothing, times = self._nothing(bench, surface, meeting)
        first = surface.loss()
        if nothing is None or not math.isfinite(first) or first <= times * nothing:
            return
        other = self._loss(bench, seed=bench.seed + 1)
        if other is None or not other > times * nothing:
            return
        scaled = self._loss(bench, seed=bench.seed, scaled=True)
        cured = scaled is not None and scaled - nothing < 0.5 * (first - nothing)
        model = bench.made().model
        bounded = reach(bench, surface).bound is not None  # as of cosines, which are scaled on purpose
        tied = len(list(model.named_parameters(remove_duplicate=False))) > len(list(model.parameters()))
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if tied or bounded else Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"A fresh model begins at a loss of {first:.4g}, {first / nothing:.1f} times that of knowing nothing"
            f" ({nothing:.4g})"
            + (f"; with inputs scaled to unit size at {scaled:.4g}." if scaled is not None else "."),
            advice="Scale the inputs to mean 0 and standard deviation 1."
            if cured
            else "Draw the last layer's weights smaller, or divide its output by the root of its inputs' number.",
            causes=("unnormalized_input", "bad_output_init") if cured else ("bad_output_init", "unnormalized_input"),
            evidence={"first loss": first, "knowing nothing": nothing, "scaled inputs": scaled, "another seed": other},
            follows=(
                "loss-numbers",
                "missing-logarithm",
                "normalised-twice",
                "softmax-place",
                "loss-direction",
                "loss-of-task",
            ),
        )

    def _nothing(self, bench: Bench, surface: Surface, meeting: Meeting) -> tuple[float | None, float]:
        """The loss of predictions that say nothing, and how many times that is too much."""
        kind, given, wanted = bench.program.task, surface.given, meeting.wanted.float()
        binary = bool(((wanted == 0) | (wanted == 1)).all())
        if kind in CLASSED and meeting.form is not Form.EACH:
            none = surface.loss(torch.zeros_like(given))
            times = self.warn
            if bool((given <= 0).all()):  # logarithms of probabilities
                none = surface.loss(torch.full_like(given, -math.log(wanted.shape[1])))
        elif kind in (Kind.CLASSIFICATION, Kind.MULTILABEL) and binary:
            lies = bool(((given >= 0) & (given <= 1)).all())
            none, times = surface.loss(torch.full_like(given, 0.5 if lies else 0.0)), self.warn
        elif kind is Kind.REGRESSION and meeting.form is Form.EACH:
            mean = surface.loss(meeting.back(wanted.mean().expand_as(wanted).to(given).contiguous()))
            none, times = max(mean, surface.loss(torch.zeros_like(given))), self.numbers
        else:
            return None, 1.0
        return (none, times) if math.isfinite(none) and none > 0 else (None, times)

    def _loss(self, bench: Bench, *, seed: int, scaled: bool = False) -> float | None:
        batch = bench.recording.steps[0].batch
        if scaled:
            new: dict[tuple[str | int, ...], Tensor] = {}
            for path in bench.roles.inputs:
                tensor = leaves(batch).get(path)
                if tensor is not None and tensor.is_floating_point() and tensor.ndim and len(tensor) > 1:
                    spread = tensor.std(0, keepdim=True) if tensor.ndim == 2 else tensor.std()
                    center = tensor.mean(0, keepdim=True) if tensor.ndim == 2 else tensor.mean()
                    new[path] = (tensor - center) / spread.clamp(min=1e-6)
            if not new:
                return None
            batch = with_leaves(batch, new)
        seen = bench.peek(bench.made(seed), batch, training=False)
        result = seen.losses[0].result if seen.losses else seen.loss
        return float(result.detach()) if result is not None and result.numel() == 1 else math.nan
