"""Probabilities go to a loss that makes probabilities itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import NOT_SEEN, Form, Meeting, met, shift_invariant
from kilter.checks.program.loss.padded import distinct
from kilter.checks.program.loss.reach import reach, seen_predictions
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


class _Twice(NamedTuple):
    """A function that was applied twice, and what the loss says of the surest answers before and without it."""

    function: str
    causes: tuple[str, ...]
    best: float
    beyond: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedTwice(ProgramProbe):
    """The loss is given logits where it applies a softmax or a sigmoid itself, not probabilities.

    **What it proves.** Outputs went through a softmax or a sigmoid, and the loss applies its own. The surest answer
    then counts as an unsure one: with k classes cross-entropy never falls below log(1 + (k - 1)/e), and gradients are
    small.

    **How.** What the loss meets lies between 0 and 1 (and adds up to 1 over the classes) in the first steps and under
    many other weights. The loss is then asked about the surest probabilities and about logits far beyond them: one
    that wants probabilities is content with the first, one that wants logits falls on by more than `gain` of what it
    is above that for an answer that says nothing. A softmax inside of it is known by a constant added to all classes,
    which changes nothing. Where the loss is not called apart, the step is asked with the model answering as it is
    told: the surest logits then leave exactly the loss of probabilities that go through a softmax or sigmoid once
    more.

    **When it stays silent.** Predictions leave the interval, or the loss is least for probabilities. Logarithms of
    probabilities may go through a softmax once more, which changes nothing.

    **What it costs.** Some calls of the loss; some forward passes where predictions look like probabilities.

    **Source.** softmax(x + c) = softmax(x): Goodfellow, Bengio and Courville 2016, Deep learning, section 6.2.2.3.
    """

    code: ClassVar[str] = "O101"
    name: ClassVar[str] = "normalised-twice"
    gain: float = 0.1  # of what an answer that says nothing costs; a loss that wants probabilities gains nothing
    sure: float = 20.0  # a logit that leaves a probability of 1e-9 for the rest
    sums: float = 1e-3  # how far probabilities may be from adding up to 1, by rounding

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        twice = self._heard(bench, *found) or self._in_the_step(*found)
        if twice is None:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The loss applies a {twice.function} to what has been through one: for the surest right answer it is"
            f" {twice.best:.4g}, and {twice.beyond:.4g} if logits could say it.",
            advice=f"Give the loss the numbers before the {twice.function}, and apply that only where probabilities are"
            " wanted.",
            causes=twice.causes,
            evidence={"surest answer": twice.best, "without the first": twice.beyond},
        )

    def _heard(self, bench: Bench, surface: Surface, meeting: Meeting) -> _Twice | None:
        every = (surface.given, *seen_predictions(bench, surface))
        if not all(bool(((t >= 0) & (t <= 1)).all()) for t in every) or distinct(surface.given) < 2:
            return None
        wanted = meeting.wanted.clamp(0, 1)
        if meeting.form is Form.EACH and not bool(((wanted == 0) | (wanted == 1)).all()):
            return None
        last = surface.given.shape[-1] if surface.given.ndim > 1 else 1
        rows = surface.given.reshape(-1, last) if meeting.form is Form.EACH else meeting.rows(surface.given)
        adding = rows.shape[1] > 1 and bool(((rows.sum(1) - 1).abs() < self.sums).all())
        if (meeting.form is not Form.EACH and not adding) or not reach(bench, surface).within(0.0, 1.0):
            return None  # without a sum of 1 it is a bound on logits, which is another check's
        k = rows.shape[1] if meeting.form is not Form.EACH else 2
        best = surface.loss(meeting.back(wanted))
        sizes = (1.0, 2.0, 4.0, 8.0, self.sure)  # with labels that are smoothed, the best is not the surest
        losses = [surface.loss(meeting.back(size * (2 * wanted - 1))) for size in sizes]
        beyond, flat = min(losses), surface.loss(meeting.back(torch.full_like(wanted, 1 / k)))
        wants_logits = (
            all(map(math.isfinite, (best, *losses)))
            and best - beyond > self.gain * (flat - beyond)
            and (losses[-1] > beyond or self._ends(surface, meeting))
            and (meeting.form is Form.EACH or shift_invariant(surface, rows, meeting.back))
        )
        if not wants_logits:
            return None
        causes = ("double_softmax", "double_sigmoid") if adding else ("double_sigmoid", "output_range_mismatch")
        return _Twice("softmax" if adding else "sigmoid", causes, best, beyond)

    def _ends(self, surface: Surface, meeting: Meeting) -> bool:
        """Whether the gradient is gone for very sure logits; a loss that is no more than a ratio of sums goes on."""
        wanted = meeting.wanted.clamp(0, 1)
        near = surface.gradient(meeting.back(0.5 * wanted))
        far = surface.gradient(meeting.back(5 * self.sure * (2 * wanted - 1)))
        if near is None or far is None or not bool(torch.isfinite(far).all()):
            return near is not None and far is not None
        return float(far.abs().max()) <= 1e-5 * float(near.abs().max())

    def _in_the_step(self, surface: Surface, meeting: Meeting) -> _Twice | None:
        """The same where a step applies both: the loss of sure logits over that of none is a number of its own."""
        if surface.heard:
            return None
        wanted = meeting.wanted
        none = surface.loss(torch.zeros_like(surface.given))
        best = surface.loss(meeting.back(3 * self.sure * (2 * wanted - 1)))
        if not (math.isfinite(best) and none > 0):
            return None
        if meeting.form is Form.EACH:
            if not bool(((wanted == 0) | (wanted == 1)).all()):
                return None
            double = _logistic(wanted.clone(), wanted) / _logistic(torch.full_like(wanted, 0.5), wanted)
            return _Twice("sigmoid", ("double_sigmoid",), best, 0.0) if abs(best / none - double) < 1e-3 else None
        k = wanted.shape[1]
        double = math.log(1 + (k - 1) / math.e) / math.log(k)
        return _Twice("softmax", ("double_softmax",), best, 0.0) if abs(best / none - double) < 1e-3 else None


def _logistic(logits: Tensor, wanted: Tensor) -> float:
    return float(torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted))
