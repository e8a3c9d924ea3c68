"""A loss that is no number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite
from kilter.values.curve_names import GRADIENT_NORM, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import Curve, History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NotANumber(Check[History]):
    """A loss or a gradient norm that is infinite or no number at all.

    **What it proves.** Where it stays so, nothing is learnt from that step on: such a loss has no gradient to follow.
    Where the training went on with finite losses, one batch gave none. In a validation loss it means that some
    example of that split has no finite answer. Where the validation loss is finite afterwards, the weights are, and the
    loss was only recorded as none (a note where all of it is none).

    **How.** The first such value of the training loss, the gradient norm and the validation loss is sought. What came
    before it tells causes apart: nothing (the data hold it), a loss or gradient that grew tenfold (an explosion), or
    calm (a logarithm of 0, a division by 0, an overflow of half precision).

    **When it stays silent.** All recorded numbers are finite. Single gradient norms that are infinite while the loss
    goes on are how a loss scale finds its size: a note where there are a few, a warning once they are more than
    `skipped` of the steps. After a `divergence` or an `explosion` it is their consequence.

    **What it costs.** One pass over the recorded numbers.
    """

    code: ClassVar[str] = "C102"
    name: ClassVar[str] = "not-a-number"
    grown: float = 10.0  # times its median, by which a loss or gradient explodes before
    unscaled: float = 1e2  # a first loss that standardised targets do not have
    unseen: int = 5  # steps between two rows, in which a loss may explode
    large: float = 1e3  # a loss or gradient norm at the very start that no fresh model has
    skipped: float = 0.05  # of the steps: a loss scale that halves at each overflow and doubles in 2,000 needs fewer

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        names = [name for name in (TRAIN_LOSS, GRADIENT_NORM, VALID_LOSS) if name in subject]
        if not names:
            yield Skipped(name=self.name, reason="no loss was recorded")
            return
        first = {name: at for name in names if (at := _first(subject[name])) is not None}
        if not first:
            return
        name = min(first, key=lambda curve: (subject[curve].steps[first[curve]], curve != TRAIN_LOSS))
        if name == GRADIENT_NORM and len(first) > 1 and not _stays(subject[name]):
            name = next(curve for curve in names if curve in first and curve != GRADIENT_NORM)
        curve, at = subject[name], first[name]
        step, wrong = int(curve.steps[at]), int((~np.isfinite(curve.values)).sum())
        stays = _stays(curve)
        evaluated, evaluations = finite(subject, VALID_LOSS)
        unharmed = name == TRAIN_LOSS and stays and bool(np.any(evaluated > step)) and len(evaluations) > 1
        yield Finding(
            code=self.code,
            name=self.name,
            severity=self._severity(name, stays=stays and not unharmed, share=wrong / len(curve)),
            strength=Strength.PROVED,
            seen=f"{name} is {curve.values[at]} at step {step:,}, the first of {wrong:,} such values"
            + (
                "; the validation loss is finite all the same."
                if unharmed
                else "."
                if stays
                else f" among {len(curve):,}; it is finite at the end."
            ),
            advice="Look at that step's batch; lower the rate or clip if the loss grew before, else look for a"
            " logarithm, root or division of 0.",
            causes=self._causes(subject, name, at, step, stays=stays),
            experiment="Take that step's batch through the model as it was before, in double precision and with"
            " anomaly detection on: a finite loss means overflow, none, that the batch or a formula gives no number.",
            where=(f"step {step}",),
            evidence={"curve": name, "step": step, "before": curve.values[max(0, at - 5) : at].tolist()}
            | ({} if name == VALID_LOSS else {"batch": step}),
            follows=("divergence", "explosion", "rate-jump", "odd-batch", "negative-loss"),
        )

    def _severity(self, name: str, *, stays: bool, share: float) -> Severity:
        if stays or name == VALID_LOSS:
            return Severity.FAILURE
        if (name == GRADIENT_NORM and share <= self.skipped) or share == 1:
            return Severity.NOTE
        return Severity.WARNING

    def _causes(self, subject: History, name: str, at: int, step: int, *, stays: bool) -> tuple[str, ...]:
        if name == VALID_LOSS:
            return ("numeric_instability", "nan_in_data", "val_preprocess_mismatch")
        if name == GRADIENT_NORM and not stays:
            return ("loss_scale_overflow", "exploding_gradient", "numeric_instability")
        if at == 0:
            unseen = step > 1 and name == TRAIN_LOSS  # what came before was not logged
            return ("nan_in_data", "numeric_instability", "lr_too_high" if unseen else "loss_scale_overflow")
        if self._exploded(subject, step) or (at <= 3 and self._large(subject, step)):
            begun = np.abs(finite(subject, TRAIN_LOSS)[1][:1])
            unscaled = len(begun) > 0 and bool(begun[0] > self.unscaled)  # squares of targets of hundreds
            return ("lr_too_high", "unnormalized_target" if unscaled else "exploding_gradient", "missing_grad_clip")
        if not stays:
            return ("nan_in_data", "ignore_index_collision", "numeric_instability")
        unseen = name == TRAIN_LOSS and self._apart(subject)
        return ("numeric_instability", "nan_in_data", "lr_too_high" if unseen else "loss_scale_overflow")

    def _large(self, subject: History, step: int) -> bool:
        """Whether a loss or a gradient stood before the step that no fresh model has."""
        for name in (TRAIN_LOSS, GRADIENT_NORM):
            steps, values = finite(subject, name)
            if np.any(values[steps <= step] > self.large):
                return True
        return False

    def _apart(self, subject: History) -> bool:
        """Whether so many steps lie between rows that a loss may grow to no number unseen."""
        steps = subject[TRAIN_LOSS].steps
        return len(steps) > 1 and float(np.median(np.diff(steps))) >= self.unseen

    def _exploded(self, subject: History, step: int) -> bool:
        for name in (TRAIN_LOSS, GRADIENT_NORM):
            if name in subject:
                curve = subject[name]
                before = curve.values[(curve.steps < step) & np.isfinite(curve.values)]
                if len(before) >= 3 and before[-3:].max() > self.grown * max(float(np.median(before)), 1e-12):
                    return True
        return False


def _first(curve: Curve) -> int | None:
    wrong = np.flatnonzero(~np.isfinite(curve.values))
    return int(wrong[0]) if len(wrong) else None


def _stays(curve: Curve) -> bool:
    """Whether the last value is none either; values that are none alone, a log's gaps among them, are not the end."""
    return not np.isfinite(curve.values[-1])
