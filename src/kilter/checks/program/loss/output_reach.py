"""Outputs can be what the loss asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met, shift_invariant
from kilter.checks.program.loss.reach import Reach, reach, seen_predictions, seen_targets
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OutputReach(ProgramProbe):
    """The last layer can give every number that the loss asks for.

    **What it proves.** A ReLU, a sigmoid or a tanh at the end keeps outputs from where the loss wants them: targets
    below zero cannot be met by what is never below zero, those beyond 1 not by a tanh, and logits between -1 and 1
    never become a sure answer.

    **How.** If all predictions of the first steps keep to one side of zero, or between -1 and 1, weights are made 3 and
    30 times as large with as much noise, the last layer's negated, too: what still does not leave is bounded. The loss
    is then asked whether it falls where predictions go beyond: towards their targets for numbers, towards a sure answer
    for classes. It is a failure where that concerns a third of the targets.

    **When it stays silent.** Predictions are not bounded, or fewer than `share` of the targets lie outside, or the loss
    is least inside (a sigmoid before a loss for probabilities, a ReLU before targets that are counts).

    **What it costs.** Twelve forward passes of 32 rows, where predictions look bounded; some calls of the loss.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 6.2.2: output units fit the targets'
    distribution.
    """

    code: ClassVar[str] = "O104"
    name: ClassVar[str] = "output-reach"
    share: float = 0.05  # of targets; a few outliers may be left outside on purpose
    gain: float = 0.1  # of what an answer that says nothing costs, to be gained by logits outside
    zeros: float = 0.05  # share of outputs that are exactly 0, as a ReLU makes them

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        every = (surface.given, *seen_predictions(bench, surface))
        low, high = min(float(t.min()) for t in every), max(float(t.max()) for t in every)
        if not (low >= 0 or high <= 0 or (low >= -1 and high <= 1)) or low == high != 0:
            return  # without these bounds nothing stands before the loss, as a rule
        rows = surface.given.float()
        last = rows.reshape(-1, rows.shape[-1] if rows.ndim > 1 else 1)
        if meeting.form is not Form.EACH and bool(((meeting.rows(rows).sum(1) - 1).abs() < 1e-3).all()):
            return  # probabilities, which other checks judge
        if meeting.form is not Form.EACH and bool(((meeting.rows(rows).exp().sum(1) - 1).abs() < 1e-3).all()):
            return
        if meeting.form is Form.EACH and last.shape[1] > 1 and bool(((last.sum(1) - 1).abs() < 1e-3).all()):
            return
        if meeting.form is Form.EACH:
            yield from self._numbers(bench, surface, meeting)
        elif bench.program.task in CLASSED:
            yield from self._logits(bench, surface, meeting)

    def _numbers(self, bench: Bench, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        targets = seen_targets(bench, surface).float()
        bounds = self._bounds(reach(bench, surface))
        if bounds is None or not targets.numel() or not bool(torch.isfinite(targets).all()):
            return
        low, high = bounds
        labels = bool((targets >= low - 1e-6).all() and (targets <= high + 1e-6).all())
        if labels and low >= -1e-6 and high <= 1 + 1e-6:
            return  # probabilities that can be what targets are; whether the loss wants them is another check's
        outside = self._pulled_out(surface, meeting, low, high)
        if outside < self.share:
            return
        yield self._finding(reach(bench, surface), bounds, outside, float(targets.min()), float(targets.max()))

    def _pulled_out(self, surface: Surface, meeting: Meeting, low: float, high: float) -> float:
        """The share of predictions that the loss pulls out of the interval, and is lower where they follow."""
        pulled = 0.0
        step = high - low if math.isfinite(high - low) else float(meeting.wanted.float().std()) or 1.0
        for edge, way in ((low, -1.0), (high, 1.0)):
            if not math.isfinite(edge):
                continue
            at = torch.full_like(meeting.wanted, edge)
            gradient = surface.gradient(meeting.back(at))
            if gradient is None:
                continue
            out = way * meeting.rows(gradient) < 0
            beyond = torch.where(out, at + way * 0.1 * step, at)
            here, there = surface.loss(meeting.back(at)), surface.loss(meeting.back(beyond))
            further = surface.loss(meeting.back(torch.where(out, at + way * 1e4 * (step + abs(edge)), at)))
            if there < here - 1e-6 * abs(here) and bool(out.any()) and not further < here - 1e3 * abs(here - there):
                pulled += float(out.double().mean())
        return pulled

    def _logits(self, bench: Bench, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        rows = meeting.rows(surface.given)
        if not shift_invariant(surface, rows, meeting.back):
            return
        under = reach(bench, surface)
        bounds = self._bounds(under)
        if bounds is None:
            return
        low, high = bounds
        if not (math.isfinite(low) and math.isfinite(high)):
            if low == 0.0 and under.zeros >= self.zeros:
                yield self._finding(under, bounds, under.zeros, None, None)
            return
        onehot = meeting.wanted
        flat = surface.loss(torch.zeros_like(surface.given))
        best = surface.loss(meeting.back(low + (high - low) * onehot))
        sure = min(surface.loss(meeting.back(scale * onehot)) for scale in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0))
        if best - sure > self.gain * (flat - sure):
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"Logits never leave {low:.3g} to {high:.3g}, so that the loss cannot fall below"
                f" {best:.4g}; larger"
                f" ones could bring it to {sure:.4g}.",
                advice="Take the bound off the last layer, or multiply what it gives by a learnt or large factor.",
                causes=("output_range_mismatch", "double_sigmoid", "saturated_activation")
                if low >= -1e-6
                else ("output_range_mismatch", "saturated_activation"),
                evidence={"low": low, "high": high, "best loss": best, "without bound": sure},
            )

    def _bounds(self, under: Reach) -> tuple[float, float] | None:
        """The interval that predictions never leave; None without."""
        if not under.strong:
            return None
        both = under.bound
        if both is not None:
            return both
        if under.within(0.0, math.inf):
            return 0.0, math.inf
        if under.within(-math.inf, 0.0):
            return -math.inf, 0.0
        return None

    def _finding(
        self, under: Reach, bounds: tuple[float, float], outside: float, least: float | None, most: float | None
    ) -> Finding:
        low, high = bounds
        rectified = low == 0.0 and high == math.inf and under.zeros >= self.zeros
        said = f" and targets range from {least:.3g} to {most:.3g}" if least is not None else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE
            if (outside > 1 / 3 and least is not None) or under.zeros == 1.0
            else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"Outputs never leave {low:.3g} to {high:.3g}, whatever the weights,{said}; the loss wants"
            f" {percent(outside)} of them outside."
            if least is not None
            else f"No output is ever below 0, whatever the weights, and {percent(outside)} are exactly 0, where no"
            " gradient passes.",
            advice="Take the activation off the last layer, or scale the targets into what it can give.",
            causes=("relu_on_output", "output_range_mismatch", "dead_relu")
            if rectified
            else ("output_range_mismatch", "relu_on_output"),
            evidence={"low": low, "high": high, "outside": outside, "zeros": under.zeros},
            follows=("normalised-twice", "missing-logarithm", "loss-direction", "softmax-place"),
        )
