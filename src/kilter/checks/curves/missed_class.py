"""A class that is never found, behind a loss that looks fine."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations
from kilter.checks.curves.series import finite
from kilter.values.curve_names import split_of
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FOUND = re.compile(r"(?:^|[._/ -])(?:recall|sensitivity|tpr|f1|precision|dice|iou|mcc|kappa)(?:$|[._/ -])")
_DECISIONS = re.compile(r"(?:^|[._/ -])(?:acc|accuracy|bacc|metric|recall|f1)(?:$|[._/ -])")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MissedClass(Check[History]):
    """The same class is answered for every row of the validation split, or one class for none.

    **What it proves.** A recall, an F1 or a kappa of 0 means that no row of that class was found. An accuracy that
    does not change in a single row from the first evaluation to the last, while the loss moves, means that the
    decisions never change: one class is answered throughout. A loss hides both where the class is rare.

    **How.** Scores that are 0 when nothing is found: half of the last third of the evaluations are `rare` or lower.
    Accuracies: all evaluations hold one and the same value, which is what one answer for all gives: one over a whole
    number (shares that are balanced over classes), or a share whose entropy the loss does not fall below, as it would
    if the outputs told rows apart.

    **When it stays silent.** Fewer than `fewest` evaluations; a loss that has not yet come down by `fell` of its start
    and is still falling; an accuracy that ever moved, or that is near 1 with a loss to match.

    **What it costs.** One pass over the evaluations.

    **Source.** Provost 2000, Machine learning from imbalanced data sets 101 (AAAI workshop).
    """

    code: ClassVar[str] = "C121"
    name: ClassVar[str] = "missed-class"
    fewest: int = 5  # evaluations
    none: float = 1e-6  # a share that is none
    rare: float = 0.05  # a share that is next to none, as a single row of twenty is
    fell: float = 0.1  # of the training loss at the start
    informative: float = 0.9  # of the entropy of an answer for all; a loss below it tells rows apart

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        names = [name for name in subject.names if split_of(name) == "valid" and name != "valid.loss"]
        curves = {name: values for name in names if len(values := finite(subject, name)[1]) >= self.fewest}
        if not curves:
            yield Skipped(name=self.name, reason=f"no score was evaluated {self.fewest} times")
            return
        run = evaluations(subject)
        missed = [
            name
            for name, values in curves.items()
            if _FOUND.search(name.lower())
            and float(np.median(np.abs(values[-max(3, len(values) // 3) :]))) <= self.rare
        ]
        if missed and self._settled(run):
            yield self._finding(subject, run, missed, 0.0)
            return
        for name, values in curves.items():
            if _DECISIONS.search(name.lower()) and self._never_changes(run, values):
                yield self._finding(subject, run, [name], float(values[0]))
                return

    def _settled(self, run: Evaluations | None) -> bool:
        """Whether the loss has had its chance: it came down."""
        if run is None:
            return True
        return run.start.value - run.end.value > max(self.fell * abs(run.start.value), 3 * run.end.error)

    def _never_changes(self, run: Evaluations | None, values: NDArray[np.float64]) -> bool:
        share = float(values[0])
        if np.ptp(values) > self.none or not self.none < share < 1 - self.none:
            return False
        if run is None or len(run.losses) < self.fewest or np.ptp(run.losses) <= self.none * abs(run.losses[0]):
            return False  # a loss that is constant, too, is another fault
        whole = abs(1 / share - round(1 / share)) < 1e-4
        entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
        return whole or float(run.losses[-3:].mean()) > self.informative * entropy

    def _finding(self, subject: History, run: Evaluations | None, names: list[str], share: float) -> Finding:
        losses = f" while the training loss went from {run.start.value:.4g} to {run.end.value:.4g}" if run else ""
        steps, _ = finite(subject, names[0])
        causes: tuple[str, ...] = ("imbalance_zero_recall", "threshold_wrong", "model_ignores_input")
        if share and not self._settled(run):
            causes = ("model_ignores_input", "lr_too_low", "dead_relu", "imbalance_zero_recall")
        elif share and run is not None and not self._tells_apart(run, share):
            causes = ("model_ignores_input", "dead_relu", "lr_too_high", "imbalance_zero_recall")
            if run.start.value > 5 * run.end.value:  # outputs of another size, and then none
                causes = ("dead_relu", "unnormalized_input", "lr_too_high", "bad_output_init")
        said = "are" if len(names) > 1 else "is"
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"{', '.join(names[:5])} {said} {share:.4g} at {'the last' if not share else 'all'} of {len(steps)}"
            f" evaluations{losses}: {'no row of that class is found' if not share else 'one answer fits all rows'}.",
            advice="Count the predictions by class; weigh or resample rare classes, or choose the threshold on"
            " validation rows.",
            causes=causes,
            experiment="Look at the area under the ROC curve: near 0.5 the outputs tell nothing apart (the input does"
            " not arrive, or the class is too rare); well above it only the threshold is wrong.",
            where=tuple(names[:5]),
            evidence={"curves": names, "value": share, "evaluations": len(steps)},
            follows=("validation-constant", "validation-apart", "no-learning", "early-decay"),
        )

    def _tells_apart(self, run: Evaluations, share: float) -> bool:
        """Whether the training loss is lower than one answer for all can make it, as far as a share of rows tells."""
        if share >= 0.5 and abs(share - 0.5) > self.none:
            return True  # the answer is what most rows have: a rare class is given up
        whole = abs(1 / share - round(1 / share)) < 1e-4
        return whole and run.end.value < 0.85 * math.log(1 / share)  # of classes that are equally frequent
