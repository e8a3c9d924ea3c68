"""A learning rate tried in a child process: a whole training, shortened, and its loss in the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from kilter.engine.attempt import begin
from kilter.finders.ending import Ended
from kilter.values.errors import TrainingError, UsageError
from kilter.values.program import Program

if TYPE_CHECKING:
    from kilter.engine.attempt import Attempt
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline

LAST: Final = 0.25
"""Share of a training whose losses are its result, where there is no validation split."""

_UNSEEN: Final = 1e-3
"""The rate to begin from where a program sets its own, and it cannot be seen."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outset:
    """A training before any rate is tried.

    Attributes:
        rate: that it is set up with.
        total: its optimizer steps.
        start: loss of the untrained model.
        validated: whether there is a validation split; if not, the losses of training judge.
    """

    rate: float
    total: int
    start: float
    validated: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A training at one rate.

    Attributes:
        loss: in the end; infinite where it went off.
        made: steps.
    """

    loss: float
    made: int


def see_outset(nursery: Nursery, *, seed: int) -> Outset:
    """What a child sees of the training.

    Raises:
        UsageError: nobody can tell its length or its rate.
        TrainingError: it cannot be set up.
    """
    told = _answered(nursery.call(outset, doing="setting up the training", seed=seed))
    if told["total"] is None:
        raise UsageError(
            "the training's length in steps is not known",
            legal="the best learning rate is that of a training of a given length",
            remedy="say how many `epochs` a program has, over a loader with a length; give `length` in epochs or steps",
        )
    if not told["rate"] > 0:
        raise UsageError(
            f"the training is set up with a learning rate of {told['rate']:g}",
            legal="a rate above 0 to begin from, which is then scaled",
            remedy="set up the optimizer with any rate above 0",
        )
    if not math.isfinite(told["start"]):
        raise TrainingError(
            f"the loss of the untrained model is {told['start']}",
            legal="a finite loss before the first step",
            remedy="see with `kilter check` where it comes from",
        )
    return Outset(**told)


def try_rate(nursery: Nursery, rate: float, *, steps: int, seed: int, validated: bool) -> Outcome:
    """Train at a rate in a child.

    Args:
        nursery: where the subject is tried.
        rate: at the highest point of its schedule.
        steps: in which the whole schedule is gone through.
        seed: of weights and order.
        validated: whether the validation split judges.

    Raises:
        TrainingError: the person's code raised an error, or memory ended it.
    """
    doing = f"training at a rate of {rate:.2g}"
    told = _answered(nursery.call(trained, doing=doing, rate=rate, steps=steps, seed=seed, validated=validated))
    return Outcome(loss=math.inf if told["loss"] is None else told["loss"], made=told["made"])


def outset(subject: Pipeline | Program, *, seed: int) -> dict[str, Any]:
    """The fields of an outset, in a process that is there for it."""
    attempt = begin(subject, seed=seed)
    try:
        rate = attempt.rate
    except UsageError:
        if not isinstance(subject, Program) or subject.set_rate is None:
            raise
        rate = _UNSEEN
    start = attempt.evaluate()
    validated = not math.isnan(start)
    return {
        "rate": rate,
        "total": attempt.total,
        "start": start if validated else attempt.step(),
        "validated": validated,
    }


def trained(subject: Pipeline | Program, *, rate: float, steps: int, seed: int, validated: bool) -> dict[str, Any]:
    """Train, in a process that is there for it; it ends where the loss is no number any more."""
    attempt = begin(subject, seed=seed, rate=rate, steps=steps)
    losses: list[float] = []
    while len(losses) < steps and (not losses or math.isfinite(losses[-1])):
        losses.append(attempt.step())
    loss = _result(attempt, losses, steps, validated=validated)
    return {"loss": loss if math.isfinite(loss) else None, "made": len(losses)}


def _result(attempt: Attempt, losses: list[float], steps: int, *, validated: bool) -> float:
    if not math.isfinite(losses[-1]):
        return math.inf
    if validated:
        return attempt.evaluate()
    last = losses[-max(1, round(LAST * steps)) :]
    return sum(last) / len(last)


def _answered(ended: Ended) -> dict[str, Any]:
    if ended.ran_out:
        raise TrainingError(
            f"the training ended without a word: {ended.ran_out}",
            legal="it goes on to its end, as it is set up",
            remedy="find its batch size first, or give it more memory",
        )
    told: dict[str, Any] = ended.answer
    return told
