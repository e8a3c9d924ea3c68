"""A loss that is no number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import Curve, History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NotANumber(Check[History]):
    """A loss or a gradient norm that is infinite or no number at all.

    **What it proves.** From that step on nothing is learnt: such a loss has no gradient to follow. In a validation
    loss it means that some example of that split has no finite answer.

    **How.** The first such value of the training loss, the gradient norm and the validation loss is sought. What came
    before it tells causes apart: nothing (the data hold it), a loss or gradient that grew tenfold (an explosion), or
    calm (a logarithm of 0, a division by 0, an overflow of half precision).

    **When it stays silent.** All recorded numbers are finite. After a `divergence` it is its consequence.

    **What it costs.** One pass over the recorded numbers.
    """

    code: ClassVar[str] = "C102"
    name: ClassVar[str] = "not-a-number"
    grown: float = 10.0  # times its median, by which a loss or gradient explodes before

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        names = [name for name in ("train.loss", "train.gradient_norm", "valid.loss") if name in subject]
        if not names:
            yield Skipped(name=self.name, reason="no loss was recorded")
            return
        first = {name: at for name in names if (at := _first(subject[name])) is not None}
        if not first:
            return
        name = min(first, key=lambda curve: (subject[curve].steps[first[curve]], curve != "train.loss"))
        curve, at = subject[name], first[name]
        step = int(curve.steps[at])
        if name == "valid.loss":
            causes: tuple[str, ...] = ("numeric_instability", "nan_in_data", "val_preprocess_mismatch")
        elif at == 0:
            causes = ("nan_in_data", "numeric_instability")
        elif self._exploded(subject, step):
            causes = ("lr_too_high", "exploding_gradient", "missing_grad_clip")
        else:
            causes = ("numeric_instability", "nan_in_data", "loss_scale_overflow")
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"{name} is {curve.values[at]} at step {step:,}, the first of"
            f" {int((~np.isfinite(curve.values)).sum()):,} such values.",
            advice="Look at that step's batch; lower the rate or clip if the loss grew before, else look for a"
            " logarithm, root or division of 0.",
            causes=causes,
            where=(f"step {step}",),
            evidence={"curve": name, "step": step, "before": curve.values[max(0, at - 5) : at].tolist()},
            follows=("divergence",),
        )

    def _exploded(self, subject: History, step: int) -> bool:
        for name in ("train.loss", "train.gradient_norm"):
            if name in subject:
                curve = subject[name]
                before = curve.values[(curve.steps < step) & np.isfinite(curve.values)]
                if len(before) >= 3 and before[-3:].max() > self.grown * max(float(np.median(before)), 1e-12):
                    return True
        return False


def _first(curve: Curve) -> int | None:
    wrong = np.flatnonzero(~np.isfinite(curve.values))
    return int(wrong[0]) if len(wrong) else None
