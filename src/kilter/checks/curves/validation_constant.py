"""The validation loss is the same number at every evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations
from kilter.checks.curves.series import finite
from kilter.values.curve_names import GRADIENT_NORM, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationConstant(Check[History]):
    """Every evaluation gave the very same validation loss, to the last digit.

    **What it proves.** The weights that are evaluated never change, or the evaluation does not look at them: any step
    that moves a weight moves a mean over rows in some digit. Whether the training loss came down tells the two apart:
    what is trained and what is evaluated are then two models.

    **How.** All recorded values are compared. A log that rounds to a few digits must repeat itself `rounded` times.

    **When it stays silent.** A loss of exactly 0, which has nothing left to change, or of two digits, which may be a
    count or a reward; a rate of 0 in the log; fewer than `fewest` evaluations; a single other value.

    **What it costs.** One pass over the evaluations.
    """

    code: ClassVar[str] = "C125"
    name: ClassVar[str] = "validation-constant"
    fewest: int = 3  # evaluations
    rounded: int = 8  # evaluations, of a log with few digits
    digits: int = 5  # significant ones, from which on a number does not repeat itself by chance
    fell: float = 0.1  # of the training loss at its start

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, VALID_LOSS)
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} evaluations were recorded")
            return
        value = float(losses[0])
        precise = float(f"{value:.{self.digits - 1}g}") != value
        if np.ptp(losses) > 0 or float(f"{value:.2g}") == value:  # a whole number may be a count or a reward
            return
        if not precise and len(losses) < self.rounded:
            return
        at, rates = finite(subject, LEARNING_RATE)
        if len(rates) and rates.max() > 0 and not rates[at > steps[0]].any():
            return  # a rate of 0 moves nothing, which is `early-decay`
        run = evaluations(subject)
        learning = run is not None and self._falls(run)
        seen = f"All {len(losses)} evaluations gave a validation loss of {value:.6g}"
        if run is not None:
            seen += f", and the training loss went from {run.start.value:.4g} to {run.end.value:.4g}"
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if precise else Severity.WARNING,
            strength=Strength.PROVED if precise else Strength.MEASURED,
            seen=f"{seen}.",
            advice="See that the model that is evaluated is the one that the optimizer moves, and that nothing is"
            " cached."
            if learning
            else "See that a gradient arrives and that the optimizer holds the model's parameters (`kilter check`).",
            causes=self._causes(subject, learning=learning),
            experiment="Compare a parameter of the evaluated model before and after an epoch: if it moved, the"
            " evaluation is cached or ignores its input; if not, look at which model the optimizer moves.",
            where=(VALID_LOSS,),
            evidence={"value": value, "evaluations": len(losses), "training loss came down": learning},
        )

    def _falls(self, run: Evaluations) -> bool:
        return run.start.value - run.end.value > max(
            self.fell * abs(run.start.value), 3 * (run.start.error + run.end.error)
        )

    def _causes(self, subject: History, *, learning: bool) -> tuple[str, ...]:
        if learning:
            return ("ema_never_updated", "wrong_metric", "model_ignores_input")
        losses, norms = finite(subject, TRAIN_LOSS)[1], finite(subject, GRADIENT_NORM)[1]
        if GRADIENT_NORM in subject and len(norms) < 0.5 * len(subject[GRADIENT_NORM]):
            return ("loss_scale_overflow", "exploding_gradient", "numeric_instability")
        if len(losses) > self.fewest and np.ptp(losses) == 0:
            return ("loss_clipped", "loss_detached", "constant_input")
        if len(norms) and float(np.median(norms)) == 0:
            return ("loss_detached", "zero_grad_after_backward", "softmax_single_unit", "detached_graph")
        return ("no_optimizer_step", "optimizer_wrong_params", "zero_grad_after_backward", "low_precision_update")
