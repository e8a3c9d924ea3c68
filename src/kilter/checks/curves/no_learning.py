"""The training loss never leaves its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import Level, finite
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NoLearning(Check[History]):
    """The training loss at the end of the run is that of its beginning, as far as its noise can tell.

    **What it proves.** So many steps have brought nothing that can be seen in the loss of the rows that they were made
    on.

    **How.** The run is cut into ten windows. The mean of the last three against that of the first: a difference of
    less than `sigmas` standard errors, which come from the scatter of the steps within windows, is none.

    **When it stays silent.** The loss has come down, by however little; before `fewest` steps; and where it climbs,
    which is `divergence`.

    **What it costs.** One pass over the recorded losses.
    """

    code: ClassVar[str] = "C104"
    name: ClassVar[str] = "no-learning"
    sigmas: float = 3.0  # standard errors
    fewest: int = 50  # recorded steps
    vanished: float = 1e-6  # gradient norm below which nothing can move

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        _, losses = finite(subject, "train.loss")
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} steps were recorded")
            return
        tenth = len(losses) // 10
        first, last = _mean(losses[:tenth]), _mean(losses[-3 * tenth :])
        if first.above(last, sigmas=self.sigmas):
            return
        norms = finite(subject, "train.gradient_norm")[1]
        none = len(norms) > 0 and float(np.median(norms)) < self.vanished
        said = f"; the gradient's norm is {float(np.median(norms)):.2g}" if len(norms) else ""
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"After {len(losses):,} steps the training loss is {last.value:.4g}, and it began at"
            f" {first.value:.4g}: no fall beyond its noise of {last.error + first.error:.2g}{said}.",
            advice="See that gradients arrive (`kilter check`)."
            if none
            else "Try ten times and a tenth of the learning rate; see whether a batch can be learnt (`kilter check`).",
            causes=("vanishing_gradient", "dead_relu", "detached_graph")
            if none
            else ("lr_too_low", "lr_too_high", "label_noise", "model_ignores_input"),
            evidence={"first": first.value, "last": last.value, "standard error": first.error, "steps": len(losses)},
            follows=("divergence", "not-a-number"),
        )


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Level:
    return Level(float(values.mean()), float(values.std() / np.sqrt(len(values))))
