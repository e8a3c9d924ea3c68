"""The loss is gone before the rows were seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, lasting, level, moving_target, of_both_signs
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TrivialTask(Check[History]):
    """The training loss falls to nothing within a few steps, and the validation loss is nothing at its first look.

    **What it proves.** What a model knows after so few updates, and of rows that it never saw, is no skill: the labels
    are all alike, stand in the inputs, or the loss has nothing left to measure. From there on there is no gradient.

    **How.** Three neighbouring losses must lie below `nothing` of the first one within `soon` steps, or be exactly 0,
    and the losses after them must stay there; the first validation loss, where there is one, must lie there, too. A
    loss that is gone goes on shrinking by factors, to `further` of what it was then: one that stands has met a floor,
    and its first value was only very high.

    A note where no validation loss agrees, or where both losses end there after a longer way: real data rarely leave so
    little; of sequences that are written on, `language` of ln K is as little.

    **When it stays silent.** A training loss that falls to nothing over epochs, as on sets that can be separated or
    learnt by heart; a validation loss that says otherwise; a loss below 0, of both signs, or in whose log rewards or
    opponents stand; fewer than `fewest` losses.

    **What it costs.** One pass over the recorded losses.

    **Source.** Kaufman, Rosset and Perlich 2011, Leakage in data mining (KDD), section 4.2; Shannon 1951, Prediction
    and entropy of printed English.
    """

    code: ClassVar[str] = "C114"
    name: ClassVar[str] = "trivial-task"
    task: str | None = None
    classes: int | None = None
    nothing: float = 0.01  # of the first loss
    language: float = 0.05  # of ln K; people guess the next letter of English at a quarter of it
    soon: int = 100  # optimizer steps: at the usual rates a model without help needs more
    stays: float = 0.75  # of the later losses, that lie below it
    further: float = 0.3  # of the loss at which it was gone: what is learnt leaves nothing, what was only high a floor
    fewest: int = 10  # recorded losses

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} losses were recorded")
            return
        if moving_target(subject) or of_both_signs(losses):
            yield Skipped(name=self.name, reason="a loss whose target moves is no measure")
            return
        if losses.min() < 0:
            return
        evaluations = finite(subject, VALID_LOSS)
        empty = bool(np.all(losses[:3] == 0)) and float(np.mean(losses == 0)) >= self.stays
        gone = 0 if empty else self._gone(steps, losses, *evaluations)
        limit, ends_at = self.nothing * float(losses[0]), level(losses[-max(3, len(losses) // 10) :]).value
        last = evaluations[1][-3:]
        if not empty and self._stands(losses, limit):
            return
        if self.task == "generation" and self.classes and self.classes > 2 and gone is None:
            limit = max(limit, self.language * math.log(self.classes))  # nothing that is written is that foreseeable
        if gone is None and not (len(last) == 3 and ends_at <= limit and last.max() <= limit):
            return
        at = int(steps[-1] if gone is None else steps[gone])
        beside = (
            f", and the validation loss is {evaluations[1][0 if gone is not None else -1]:.3g}" if len(last) else ""
        )
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if empty or (len(last) and gone is not None) else Severity.NOTE,
            strength=Strength.MEASURED if empty or (len(last) and gone is not None) else Strength.SUSPECTED,
            seen=f"The training loss is {'exactly 0' if empty else f'{ends_at:.3g}'}"
            f" {'at' if gone is None else 'from'} step {at:,}{'' if gone is None else ' on'}, after {losses[0]:.3g} at"
            f" first{beside}.",
            advice="Look at the labels (more than one value?), for their copy among the inputs, and at what the loss"
            " leaves out.",
            causes=("softmax_single_unit", "ignore_index_collision", "task_trivial")
            if empty
            else ("future_leak", "target_leak", "task_trivial")
            if self.task == "generation"
            else ("target_leak", "task_trivial", "future_leak"),
            experiment="Draw the labels of the training rows at random: a loss that falls to nothing all the same means"
            " that they stand in the input, one that does not, that the task is this easy.",
            where=(f"step {at}",),
            evidence={"first": float(losses[0]), "end": ends_at, "gone at step": at, "valid": last.tolist()},
        )

    def _stands(self, losses: NDArray[np.float64], limit: float) -> bool:
        """Whether a loss that soon was low stands where it came to."""
        low = np.flatnonzero(lasting(losses) <= limit)
        width = max(3, len(losses) // 10)
        if not len(low) or low[0] > width or level(losses[-width:]).value <= 0:
            return False
        then = losses[low[0] + 2 : low[0] + 2 + width]
        return level(losses[-width:]).value > self.further * level(then).value

    def _gone(
        self,
        steps: NDArray[np.int64],
        losses: NDArray[np.float64],
        evaluated_at: NDArray[np.int64],
        evaluated: NDArray[np.float64],
    ) -> int | None:
        """Where the loss is gone for good, if that was soon and the first evaluation agrees."""
        limit = self.nothing * float(losses[0])
        low = np.flatnonzero(lasting(losses) <= limit)
        first_look = int(evaluated_at[0]) if len(evaluated) else self.soon
        if not len(low) or steps[low[0]] > min(self.soon, first_look):
            return None
        gone = int(low[0])
        if float(np.mean(losses[gone:] <= limit)) < self.stays or (len(evaluated) and evaluated[0] > 2 * limit):
            return None
        return gone
