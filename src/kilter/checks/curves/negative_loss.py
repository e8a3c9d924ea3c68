"""A loss below 0 that cannot be, or that falls without bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.first_logged_loss import TASKS
from kilter.checks.curves.series import ends, finite, lasting, moving_target, of_both_signs
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS, direction, split_of
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeLoss(Check[History]):
    """The training loss goes below 0 where cross-entropy and squares cannot, or falls ever faster without end.

    **What it proves.** A cross-entropy of classes is never negative, nor is a squared or absolute error: what is made
    small is something else. A loss that falls ever faster below 0 rewards the size of the outputs, not their
    agreement with the labels.

    **How.** Three neighbouring losses below 0. Known to be of classes (`task`, or an accuracy in the log): a warning; a
    failure once it lies below -1, where not even the mean of negative probabilities can be. Of any other task: only
    where each quarter of the run brings a larger fall than the one before, to `times` the size of the start below
    0. Where it began tells causes apart: guessing with its sign turned, about 0, or above it.

    **When it stays silent.** Likelihoods of densities, which are rightly negative and slow down as they fall; a loss
    about 0, or one that rises, as a likelihood that is maximised; one in whose log rewards or opponents stand.

    **What it costs.** One pass over the recorded losses.

    **Source.** Bishop 2006, Pattern recognition and machine learning, equation 4.108 (cross-entropy) and section 1.2.4
    (the likelihood of a density).
    """

    code: ClassVar[str] = "C115"
    name: ClassVar[str] = "negative-loss"
    task: str | None = None  # as `FirstLoggedLoss` has it
    classes: int | None = None
    times: float = 10.0  # the size of the start, below 0
    fewest: int = 12  # losses, for a fall without end

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if not len(losses):
            yield Skipped(name=self.name, reason="no training loss was recorded")
            return
        low = lasting(losses)
        if not len(low) or low.min() >= 0:
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        endless = self._endless(losses)
        known = self.task in TASKS or (self.task is None and _of_classes(subject))
        if not endless and not known:
            return
        first, last = ends(losses)
        if last.value > first.value:  # a likelihood that is maximised rises towards 0
            return
        at = int(steps[int(np.argmax(low < 0))])
        lowest = float(losses.min())
        causes = self._causes(subject, losses, lowest, endless=endless, known=known)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if known and lowest < -1 else Severity.WARNING,
            strength=Strength.PROVED if self.task in TASKS else Strength.MEASURED,
            seen=f"The training loss is below 0 from step {at:,} on and reaches {lowest:.4g}"
            + (", falling faster in each quarter of the run." if endless else ", which no cross-entropy does."),
            advice="Give the loss log-probabilities or logits, as it asks for, labels within its range, and the sign"
            " that makes better smaller.",
            causes=causes,
            experiment="Evaluate the loss by hand on right and on wrong answers of equal confidence: it must be smaller"
            " for the right ones, and 0 or more for both.",
            where=(f"step {at}",),
            evidence={"first": float(losses[0]), "lowest": lowest, "below 0 from": at, "without end": endless},
        )

    def _endless(self, losses: NDArray[np.float64]) -> bool:
        """Whether it falls further in each quarter of the run, to many times its start below 0."""
        if len(losses) < self.fewest:
            return False
        middles = np.array([float(np.median(part)) for part in np.array_split(losses, 4)])
        falls = -np.diff(middles)
        size = max(abs(float(losses[0])), 1.0)  # densities begin about 0 and fall by some nats
        return bool(falls[0] > 0 and falls[1] > falls[0] and falls[2] > falls[1] and losses[-1] < -self.times * size)

    def _causes(
        self, subject: History, losses: NDArray[np.float64], lowest: float, *, endless: bool, known: bool
    ) -> tuple[str, ...]:
        if known and lowest >= -1 and losses[: max(3, len(losses) // 20)].max() <= 0:
            return ("nll_without_log_softmax", "loss_sign_flipped", "wrong_loss_for_task")
        if losses[0] < -0.5:  # guessing, with the sign turned
            return ("loss_sign_flipped", "nll_without_log_softmax", "labels_out_of_range")
        if losses[0] > 0.2:
            if _better(subject) is False:
                return ("loss_sign_flipped", "labels_out_of_range", "wrong_loss_for_task")
            return ("labels_out_of_range", "wrong_loss_for_task", "loss_sign_flipped")
        if endless:
            return ("nll_without_log_softmax", "labels_out_of_range", "loss_sign_flipped")
        return ("wrong_loss_for_task", "labels_out_of_range", "nll_without_log_softmax")


def _of_classes(subject: History) -> bool:
    """Whether a score in the log is one of classes."""
    return any("accuracy" in name or name.endswith((".acc", "_acc", ".f1", "_f1")) for name in subject.names)


def _better(subject: History) -> bool | None:
    """Whether the validation scores got better; None where there are none."""
    told = None
    for name in subject.names:
        if split_of(name) == "valid" and name != VALID_LOSS and "/" not in name and (way := direction(name)):
            values = finite(subject, name)[1]
            if len(values) >= 3:
                first, last = float(values[0]), ends(values)[1].value
                told = bool(told) or way * (last - first) > 0.05 * max(abs(first), 0.1)
    return told
