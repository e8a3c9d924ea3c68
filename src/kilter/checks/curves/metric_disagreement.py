"""The validation loss gets better, and a score of the same rows does not."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.evaluations import Evaluations, evaluations, mean_error, sampling_error, scores
from kilter.checks.curves.series import finite
from kilter.values.curve_names import direction
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHARE_OF_RIGHT_ONES = re.compile(r"(?:^|[._ -])(?:acc|accuracy|metric)(?:$|[._ -])")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDisagreement(Check[History]):
    """The validation loss falls, and a score of the same split gets worse or stays where it was.

    **What it proves.** What is minimised and what is reported are two things. A row that is decided wrongly gives its
    class at most one half and costs at least ln 2 of cross-entropy, so that a loss L allows at most L / ln 2 wrong
    rows: an accuracy that stays below that belongs to other labels, or to other outputs, than the loss.

    **How.** The first and the last fifth of the evaluations are compared. A score goes the other way where it got
    worse by more than `sigmas` standard errors and `worse` of its size while the loss fell by `fell` or more, and
    over the whole run high losses go with good scores. An accuracy is impossible where the bound above is broken by
    `beyond` at each of the last evaluations. An accuracy stands still where it moved by less than its
    noise, and either the bound above is broken by a wide margin, or the loss halved while it stayed below `low`.

    **When it stays silent.** Fewer than `fewest` evaluations; another score got better, since a loss that weighs
    rare classes more may cost accuracy (a note); the score is good from the start; names that do not tell which way
    is better.

    **What it costs.** One pass over the evaluations.

    **Source.** Cross-entropy and accuracy: Markov's inequality on the loss of a row.
    """

    code: ClassVar[str] = "C120"
    name: ClassVar[str] = "metric-disagreement"
    fewest: int = 6  # evaluations
    sigmas: float = 4.0  # standard errors of a score's change
    fell: float = 0.2  # of the validation loss, that it must have come down
    worse: float = 0.1  # of the score's size
    low: float = 0.7  # an accuracy that leaves much to be gained
    beyond: float = 0.1  # of the rows, by which more are wrong than the loss allows
    entropy: float = 0.6  # a loss that starts above it may be a cross-entropy: two equal classes start at 0.69

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        run, names = evaluations(subject), scores(subject)
        if run is None or len(run.losses) < self.fewest or not names:
            yield Skipped(name=self.name, reason=f"it needs {self.fewest} evaluations with a loss and a score")
            return
        width = max(2, len(run.losses) // 5)
        first, last = float(np.mean(run.losses[:width])), float(np.mean(run.losses[-width:]))
        error = mean_error(run.losses, width) * math.sqrt(2)
        improved = first - last > max(self.sigmas * error, self.fell * abs(first))
        gains = {name: self._gain(subject, name, width) for name in names}
        for name in names:
            gain, noise, values = gains[name]
            if len(values) != len(run.losses):
                continue
            size = max(abs(float(np.mean(values[:width]))), abs(float(np.mean(values[-width:]))))
            if improved and -gain > max(self.sigmas * noise, self.worse * size):
                if np.corrcoef(run.losses, direction(name) * values)[0, 1] < 0.5:
                    continue
                others = any(gains[other][0] > self.sigmas * gains[other][1] for other in names if other != name)
                yield self._finding(run, name, values, (first, last), "got worse", others=others)
                return
            still = abs(gain) <= max(2 * noise, 0.02)
            if (still and self._stuck(run, name, values, last)) or self._impossible(run, name, values):
                yield self._finding(run, name, values, (first, last), "stayed" if still else "rose", others=False)
                return

    def _gain(self, subject: History, name: str, width: int) -> tuple[float, float, NDArray[np.float64]]:
        """How much better a score got, the standard error of that, and the score."""
        _, values = finite(subject, name)
        if len(values) < 2 * width:
            return 0.0, math.inf, values
        gain = direction(name) * (float(np.mean(values[-width:])) - float(np.mean(values[:width])))
        noise = math.sqrt(2) * max(mean_error(values, width), sampling_error(values) / math.sqrt(width))
        return gain, noise, values

    def _stuck(self, run: Evaluations, name: str, values: NDArray[np.float64], last: float) -> bool:
        """Whether an accuracy that does not move is too low for what the loss became."""
        if not _SHARE_OF_RIGHT_ONES.search(name) or values.min() < 0 or values.max() > 1 or last < 0:
            return False
        right = float(np.mean(values[-max(2, len(values) // 5) :]))
        if run.start.value > self.entropy and 1 - right > 1.5 * last / math.log(2) + 0.1:
            return True
        return right < self.low and 0 < last < 0.5 * min(float(run.losses[0]), run.start.value)

    def _impossible(self, run: Evaluations, name: str, values: NDArray[np.float64]) -> bool:
        """Whether more rows are wrong, at each of the last evaluations, than the loss has room for."""
        if not _SHARE_OF_RIGHT_ONES.search(name) or values.min() < 0 or values.max() > 1 or run.losses.min() < 0:
            return False
        third = max(2, len(values) // 3)
        room = run.losses[-third:] / math.log(2)
        return run.start.value > self.entropy and bool(np.all(1 - values[-third:] - room > self.beyond))

    def _finding(
        self,
        run: Evaluations,
        name: str,
        values: NDArray[np.float64],
        ends: tuple[float, float],
        what: str,
        *,
        others: bool,
    ) -> Finding:
        first, last = ends
        width = max(2, len(values) // 5)
        begin, end = float(np.mean(values[:width])), float(np.mean(values[-width:]))
        far = {"stayed": "stayed at", "rose": "rose to no more than"}.get(what, f"went from {begin:.4g} to")
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if others else Severity.WARNING,
            seen=f"The validation loss fell from {first:.4g} to {last:.4g} between steps {int(run.steps[0]):,} and"
            f" {int(run.steps[-1]):,}, and {name} {far} {end:.4g}.",
            advice="Compute loss and score by hand for ten rows: same labels, same outputs, same threshold, same axis.",
            causes={
                "rose": ("wrong_metric", "threshold_wrong", "padding_not_masked_in_loss"),
                "stayed": ("wrong_metric", "auxiliary_loss_dominates", "threshold_wrong"),
            }.get(what, ("wrong_metric", "loss_sign_flipped", "wrong_loss_for_task")),
            experiment="Compute the score from the outputs that the loss saw, and once more on training rows: a score"
            " that is low there, too, is computed wrongly, or the loss asks for something else.",
            where=(f"step {int(run.steps[-1])}",),
            evidence={"loss": [first, last], "score": [begin, end], "curve": name, "evaluations": len(values)},
            follows=("missed-class",),
        )
