"""Labels are those that the loss was made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, Meeting, met, shift_invariant
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind
from kilter.values.task import IGNORED


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LegalLabels(ProgramProbe):
    """Labels lie in the set that the loss is defined for.

    **What it proves.** With labels of -1 and 1, binary cross-entropy has no least value: outputs of the negative class
    are driven to minus infinity, and the loss falls below zero. A class number beyond the outputs cannot be predicted.
    Shares of classes that do not add up to 1 weigh examples by accident.

    **How.** The gradient of the loss is asked for at very low and at very high predictions: for a legal label it
    points inwards or vanishes at one of the two. Shares of classes are added up. Where a step raised an error, the
    class numbers of a whole epoch are compared with the number of outputs.

    **When it stays silent.** Labels are legal; those of -100 and others that the loss leaves out have no gradient.

    **What it costs.** Two gradients of the loss.

    **Source.** PyTorch's documentation of `BCEWithLogitsLoss` and `CrossEntropyLoss`.
    """

    code: ClassVar[str] = "O111"
    name: ClassVar[str] = "legal-labels"
    share: float = 0.02  # of labels
    far: float = 50.0  # a logit at which a sigmoid is 0 or 1 in single precision

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None:
            yield Skipped(name=self.name, reason=NOT_SEEN)
            return
        surface, meeting = found
        kind = bench.program.task
        if meeting.form is Form.EACH and kind in (Kind.CLASSIFICATION, Kind.MULTILABEL, Kind.TAGGING):
            yield from self._endless(surface, meeting)
        elif meeting.form is Form.SHARES and kind in CLASSED:
            yield from self._shares(surface, meeting)
        elif meeting.form is Form.CLASSES and kind in CLASSED:
            yield from self._numbers(bench, meeting)

    def _endless(self, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        low = surface.gradient(meeting.back(torch.full_like(meeting.wanted, -self.far)))
        high = surface.gradient(meeting.back(torch.full_like(meeting.wanted, self.far)))
        if low is None or high is None or not bool((torch.isfinite(low) & torch.isfinite(high)).all()):
            return
        below, above = meeting.rows(low), meeting.rows(high)
        # a loss that only picks numbers has the same gradient everywhere, and a distance larger ones further away
        least = 1e-6 * float(below.abs().max())  # a sigmoid's rest at such a logit is no gradient
        bad = (below * above > 0) & (below.abs() > least) & (above.abs() > least)
        share = float(bad.double().mean())
        values = sorted({round(float(value), 4) for value in meeting.wanted[bad][:1000]})
        away = torch.where(bad, -below.sign(), torch.zeros_like(below))
        here, there, beyond = (surface.loss(meeting.back(times * self.far * away)) for times in (0.0, 1.0, 2.0))
        falls = there < here and there - beyond > 0.5 * (here - there)
        if falls and share >= self.share and share < 1 and all(value < 0 or value > 1 for value in values):
            yield self._finding(
                Severity.FAILURE,
                f"For {percent(share)} of the labels, such as {values[0]:g}, the loss falls without"
                " end as outputs grow.",
                "Bring labels to 0 and 1: `(labels + 1) / 2` for -1 and 1.",
                {"share": share, "labels": values[:10]},
            )

    def _shares(self, surface: Surface, meeting: Meeting) -> Iterator[Finding]:
        shares = meeting.wanted.float()
        off = ((shares.sum(1) - 1).abs() > 0.01) | (shares < -1e-6).any(1)
        share = float(off.double().mean())
        if share >= self.share and shift_invariant(surface, meeting.rows(surface.given), meeting.back):
            total = float(shares.sum(1)[off][0])
            several = bool((shares.round() == shares).all()) and total > 1
            yield self._finding(
                Severity.WARNING,
                f"Shares of classes of {percent(share)} of the examples do not add up to 1 but to"
                f" {total:.4g}, say, and the"
                " loss applies a softmax.",
                "Divide them by their sum; where several classes are right at once take binary cross-entropy.",
                {"share": share, "sum": total},
                causes=("wrong_loss_for_task", "labels_out_of_range")
                if several
                else ("labels_out_of_range", "wrong_loss_for_task"),
            )

    def _numbers(self, bench: Bench, meeting: Meeting) -> Iterator[Finding]:
        if bench.recording.error is None:
            return  # losses refuse such a number
        path = bench.roles.targets[:1]
        targets = bench.gathered(path[0]) if path else None
        k = meeting.wanted.shape[1]
        if targets is None or targets.is_floating_point() or targets.ndim > 2:
            return
        most = int(targets[targets != IGNORED].max()) if bool((targets != IGNORED).any()) else 0
        if most < k or bench.program.task is Kind.GENERATION or most in (255, 254):
            return  # 255 marks what is left out in images
        yield self._finding(
            Severity.FAILURE,
            f"Class {most} stands among the labels, and there are {k} outputs: the last is class {k - 1}.",
            "Count classes from 0, and give the last layer as many outputs as there are classes.",
            {"highest label": most, "outputs": k},
        )

    def _finding(
        self,
        severity: Severity,
        seen: str,
        advice: str,
        evidence: dict[str, object],
        *,
        causes: tuple[str, ...] = ("labels_out_of_range",),
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence=evidence,
            follows=("missing-logarithm",),
        )
