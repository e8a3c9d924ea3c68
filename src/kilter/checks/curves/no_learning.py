"""The training loss never leaves its start."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import (
    SUPERVISED,
    Level,
    ends,
    finite,
    level,
    moving_target,
    noise,
    of_both_signs,
)
from kilter.checks.curves.standstill import Reason, exploded, reason, still_creeping, unmoved
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS, direction, split_of
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NoLearning(Check[History]):
    """The training loss at the end of the run is that of its beginning, as far as its noise can tell.

    **What it proves.** So many steps have brought nothing that can be seen in the loss of the rows that they were made
    on. Where the validation loss is the same to its last digit at every evaluation, the weights that decide it never
    moved: a failure.

    **How.** The last three tenths of the run against its first tenth, by their medians: a fall of less than `sigmas`
    standard errors is none. Where the loss first exploded, the start is its first value. Where `classes` are said, an
    end within `guessing` of ln K, which falls no further, is none either: the outputs are those of guessing. So is one
    up to `above` times it, where the validation loss moves up and down above ln K, too: an answer that is the same for
    all rows costs less, and steps that do not even hold that are too long. A loss that was `wild` times what it is now
    for a moment, and has stood since then, is noted. The rest of the log tells causes apart: a rate or a gradient of
    about 0, a gradient that piles up, an explosion, neighbouring losses that are alike, a validation loss that creeps
    down, stands still or jumps about.

    **When it stays silent.** The loss has come down, by however little; a validation loss or a score has got better,
    which overrules a noisy training loss; the noise would hide a fall of `hidden` of the loss; before `fewest` losses;
    where it climbs, which is `divergence`; a loss far below guessing or a score near 1 from the first on, as of what
    was learnt before the log began; a loss of both signs, or one in whose log rewards or opponents stand.

    Means over `hiding` steps or more that stand from the first on, not at guessing, are noted only: what can be learnt
    may have been learnt within the first. So is a loss that has stood somewhat below guessing since a log began late:
    how frequent each class is, is learnt within few steps.

    **What it costs.** One pass over the recorded losses.

    **Source.** Karpathy 2019, A recipe for training neural networks ("overfit one batch").
    """

    code: ClassVar[str] = "C104"
    name: ClassVar[str] = "no-learning"
    task: str | None = None  # one of SUPERVISED
    classes: int | None = None
    sigmas: float = 3.0  # standard errors
    fewest: int = 8  # recorded losses
    fewest_steps: int = 50  # optimizer steps: before that, a small rate may have had no time
    hiding: int = 20  # optimizer steps in a first mean
    hidden: float = 0.2  # of the loss: noise that could hide such a fall decides nothing
    climbs: float = 0.05  # of the loss, which is more than standing still; thrice that where it is known to be to fall
    guessing: float = 0.005  # of ln K
    higher: float = 1.2  # times ln K, from where a loss came down to it: outputs were large, or became so unseen
    above: float = 1.5  # times ln K, up to which a loss may stand: what lies above was not a mean, or has other terms
    wild: float = 100.0  # times the later loss: first outputs ten times as far off as those of guessing
    moment: float = 0.05  # of the run
    moves: float = 0.1  # of its height above guessing, that the validation loss jumps by
    below: float = 0.9  # ln K, at which more than guessing is known
    little: float = 0.7  # of it, which is known by who only knows how frequent each class is
    high: float = 0.9  # a score of the validation split, at which little is left to learn
    exploded: float = 1.5  # times its start, that the loss reached at first
    burst: float = 5.0  # the same where nothing says that the loss is to fall: games and queues rise by less

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        beside = len(finite(subject, VALID_LOSS)[1])  # an evaluation for each loss: a log of epochs, however counted
        if len(losses) < self.fewest or (steps[-1] < self.fewest_steps and beside < len(losses) // 2):
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest_steps} steps were recorded")
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        highest = exploded(losses, self.exploded if self._is_to_fall(subject) else self.burst)
        last = level(losses[-max(3, 3 * len(losses) // 10) :])
        if highest is not None:
            first = Level(float(losses[0]), noise(losses))
        else:  # a fall may be over within a few steps, or be seen over many only
            starts = [ends(losses, most=most)[0] for most in (5, 50, len(losses))]
            first = next((start for start in starts if start.above(last, sigmas=self.sigmas)), starts[-1])
        sunk = self._sunk(losses) if highest is None else None
        first = sunk or first
        if not self._stands(subject, losses, first, last, burst=highest is not None):
            return
        error = self.sigmas * math.hypot(first.error, last.error)
        worse = self._guesses(subject, last) and last.value - self._chance() > self.sigmas * last.error
        back = highest is not None and last.value >= first.value  # what exploded did not even come back
        if error > self.hidden * abs(first.value) and not worse and not back:  # guessing has no noise
            yield Skipped(name=self.name, reason=f"noise hides falls of less than {error:.3g}")
            return
        soon = self.little * self._chance() < last.value < self.below * self._chance() and steps[0] > 1
        if losses.std() > 0 and not soon and (known_before := self._knows(subject, last)):
            yield Skipped(name=self.name, reason=f"{known_before}: what could be learnt was known when the log began")
            return
        if improved := self._improved(subject):
            yield Skipped(name=self.name, reason=f"{improved} got better, which overrules the noise of the training")
            return
        guesses = self._guesses(subject, last)
        causes, said = self._reason(subject, first, last, highest, soon=soon, sunk=sunk is not None)
        still = unmoved(subject)
        late = beside >= len(losses) // 2 and steps[0] >= self.hiding  # a first mean may hide what was learnt
        hidden = sunk or soon or (late and not guesses)
        severity = Severity.FAILURE if still else Severity.NOTE if hidden else Severity.WARNING
        yield Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED if still else Strength.MEASURED,
            seen=f"After {int(steps[-1]):,} steps the training loss is {last.value:.4g}, and it"
            f" {'soon was' if sunk else 'began at'} {first.value:.4g}: no fall beyond its noise of"
            f" {error / self.sigmas:.2g}{' and the loss of guessing' if guesses else ''}{said}.",
            advice="Try a tenth and ten times of the learning rate; see whether one batch can be learnt."
            if causes[0] in ("lr_too_high", "lr_too_low")
            else "See that gradients arrive, are kept until the update, and that the optimizer holds the model's"
            " parameters (`kilter check`).",
            causes=causes,
            experiment="Train on one batch of eight rows for 200 steps: a loss that falls means that the rate or the"
            " data are at fault, one that stays, that gradients or updates do not arrive.",
            evidence={
                "first": first.value,
                "last": last.value,
                "standard error": error / self.sigmas,
                "steps": int(steps[-1]),
            },
            follows=(
                "divergence",
                "explosion",
                "not-a-number",
                "early-decay",
                "dead-layers",
                "saturated-layers",
                "gradient-depth",
                "still-layers",
                "weights-shrink",
                "attention-collapse",
                "update-size",
                "validation-ahead",
            ),
        )

    def _is_to_fall(self, subject: History) -> bool:
        """Whether something says that the loss is one of a model and its rows, which falls as it learns."""
        evaluated = any(split_of(name) == "valid" for name in subject.names)
        return self.task in SUPERVISED or self._chance() > 0 or evaluated

    def _reason(
        self, subject: History, first: Level, last: Level, highest: float | None, *, soon: bool, sunk: bool
    ) -> Reason:
        """Why the loss stands, by what the rest of the log says, and by where it came from."""
        told, guesses = reason(subject, highest), self._guesses(subject, last)
        if guesses and self._thrown_about(subject, last, told.causes):
            return Reason(
                ("lr_too_high", "momentum_too_high", "dead_relu"), "; one answer for all rows would cost less"
            )
        if told.causes[0] == "no_optimizer_step" and self.task == "regression":  # an output of 0 stands as still
            told = Reason((*told.causes[:2], "relu_on_output"), told.said)
        if highest is not None:
            return told
        if guesses and not sunk and first.value > self.higher * self._chance():
            return Reason(("lr_too_high", "dead_relu", "bad_output_init"), "; a fresh model begins at guessing")
        if soon and told.causes[0] != "lr_too_high":
            return Reason(("model_ignores_input", "label_misaligned", "underfit_capacity"), told.said)
        creeps = bool(told.said) and still_creeping(finite(subject, VALID_LOSS)[1])
        if not sunk and first.above(last, sigmas=self.sigmas) and not creeps:  # updates arrive
            return Reason(("model_ignores_input", "label_misaligned", "vanishing_gradient"))
        return told

    def _stands(self, subject: History, losses: NDArray[np.float64], first: Level, last: Level, *, burst: bool) -> bool:
        """Whether the loss neither falls nor climbs beyond its noise, or ends at guessing and falls no further."""
        error = self.sigmas * math.hypot(first.error, last.error)
        climbs = self.climbs * (3 if self.task in SUPERVISED else 1)
        if last.value - first.value > max(error, climbs * abs(first.value)) and not burst:
            return False
        if abs(last.value) <= 1e-3 * abs(float(losses[0])) and first.value > last.value:  # gone: `trivial-task`
            return self._sunk(losses) is not None and first.value - last.value <= error
        if first.value - last.value <= max(error, 0.05 * abs(first.value) if burst else 0.0):
            return True
        third = len(losses) // 3
        return self._guesses(subject, last) and not level(losses[third : 2 * third]).above(last, sigmas=self.sigmas)

    def _guesses(self, subject: History, last: Level) -> bool:
        """Whether the loss is that of equal shares for all classes, or above it in both splits."""
        chance = self._chance()
        if not chance:
            return False
        if abs(last.value - chance) < self.guessing * chance:
            return True
        evaluated = finite(subject, VALID_LOSS)[1]
        late = evaluated[-max(3, len(evaluated) // 3) :]
        higher = chance < last.value < self.above * chance and len(late) >= 3
        return higher and float(np.median(late)) > (1 - self.guessing) * chance and self._moves(evaluated, last)

    def _thrown_about(self, subject: History, last: Level, causes: tuple[str, ...]) -> bool:
        """Whether weights that move do not even find the answer that is best for all rows alike."""
        unclear = causes[0] in ("model_ignores_input", "label_noise", "lr_too_high")
        moves = self._moves(finite(subject, VALID_LOSS)[1], last)
        worse = last.value - self._chance()
        return unclear and moves and worse > max(self.sigmas * last.error, self.guessing * self._chance())

    def _moves(self, evaluated: NDArray[np.float64], last: Level) -> bool:
        """Whether the validation loss goes up and down: a term that is added to each loss does not."""
        return len(evaluated) >= 5 and noise(evaluated) > self.moves * (last.value - self._chance())

    def _chance(self) -> float:
        """The loss of guessing; 0 where nobody said of how many classes."""
        known = self.classes and self.task in ("classification", "tagging", "generation")
        return math.log(self.classes) if known and self.classes else 0.0

    def _sunk(self, losses: NDArray[np.float64]) -> Level | None:
        """Where a loss stood after it had been far higher for a moment; None where it had not been."""
        moment = max(3, int(self.moment * len(losses)))
        rest = losses[moment:]
        if len(rest) < 20 or abs(float(losses[0])) < self.wild * float(np.median(np.abs(rest))) + 10 * noise(rest):
            return None
        return level(rest[: len(rest) // 3])

    def _knows(self, subject: History, last: Level) -> str | None:
        """What says that the model knew its task already: a loss far below guessing, or a score near 1."""
        guessing = self._chance()
        if last.value < self.below * guessing:
            return f"the loss is far below the {guessing:.3g} of guessing"
        for name in subject.names:
            if name.startswith("valid.") and direction(name) > 0:
                values = finite(subject, name)[1]
                if len(values) and values.max() <= 1 and self.high <= float(np.median(values)):
                    return f"{name} is {float(np.median(values)):.3g}"
        return None

    def _improved(self, subject: History) -> str | None:
        """A validation loss or a score that got better by more than its noise, and by a fiftieth of itself."""
        for name in subject.names:
            way = -1 if name == VALID_LOSS else direction(name)
            if not way or "/" in name or name == TRAIN_LOSS or not split_of(name):
                continue
            values = finite(subject, name)[1]
            if len(values) < 4:
                continue
            first, last = ends(values)
            begun = min(first.value, self._chance() or math.inf) if name == VALID_LOSS else first.value
            gained = way * (last.value - begun)  # what leads down to guessing is no gain
            if gained > max(self.sigmas * noise(values), 0.02 * abs(first.value), 0.02 if way > 0 else 0.0):
                return name
        return None
