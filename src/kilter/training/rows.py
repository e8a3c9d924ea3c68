"""Events as rows of a history, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from kilter.training.events import Counted, Evaluated, Event, Measured, StepDone
from kilter.training.pacing import SHARE, interval
from kilter.values.curve_names import EMPTY, EVERY, MEASURING, SKIPPED
from kilter.values.history import History

_ROWS: Final = 64
"""Of one step at most: its own, where it was measured, where evaluated, and a count of costs for each sitting."""


def record(event: Event, history: History, seconds: float, *, share: float = SHARE) -> History:
    """The history with an event in it.

    A measurement is recorded with the interval at which instruments look from then on.

    Args:
        event: what happened.
        history: so far.
        seconds: the time spent training so far.
        share: of the steps' time that measuring may take.
    """
    if isinstance(event, StepDone):
        values = {
            "train.loss": event.loss,
            "train.gradient_norm": event.gradient_norm,
            "train.learning_rate": event.learning_rate,
            "train.epoch": event.epoch,
            "clock.seconds": seconds,
        }
        if not event.finite:
            values |= _unmade(event, history)
            if event.empty:  # there is no loss of nothing
                del values["train.loss"], values["train.gradient_norm"]
        return history.append(event.step, values)
    if isinstance(event, Measured):
        wide = interval(history, step=event.step, cost=event.seconds, share=share)
        return history.append(event.step, {**event.numbers, MEASURING: event.seconds, EVERY: float(wide)})
    if isinstance(event, Evaluated):
        scores = {f"{event.split}.{name}": value for name, value in event.scores.items()}
        return history.append(event.step, scores)
    if isinstance(event, Counted):
        return history.append(event.step, event.costs)
    return history


def _unmade(event: StepDone, history: History) -> dict[str, float]:
    """The count of steps that made no update, of the kind that this one is."""
    name = EMPTY if event.empty else SKIPPED
    return {name: (history.last(name) or 0.0) + 1.0}


def retell(history: History) -> Iterator[tuple[Event, History]]:
    """The events of the last step that was recorded, each with the history that hooks were shown with it.

    >>> told = (StepDone(7, 0, 0.5, 1.0, 0.01, True), Evaluated(7, 0, "valid", {"loss": 0.6}))
    >>> history = record(told[1], record(told[0], History(), 3.0), 3.0)
    >>> tuple(event for event, _ in retell(history)) == told
    True
    """
    last = max(0, len(history) - _ROWS)
    rows = [(at, values) for at, (step, values) in enumerate(history.rows(last), last + 1) if step == history.step]
    told = [(at, values) for at, values in rows if not all(name.startswith("clock.") for name in values)]
    for at, values in told:
        epoch = int(history.last("train.epoch") or 0)
        yield _told(values, history.step, epoch, more_follows=at < told[-1][0]), history.first(at)


def _told(values: Mapping[str, float], step: int, epoch: int, *, more_follows: bool) -> Event:
    if "train.epoch" in values:
        empty = EMPTY in values
        loss, norm = (math.nan, 0.0) if empty else (values["train.loss"], values["train.gradient_norm"])
        return StepDone(step, epoch, loss, norm, values["train.learning_rate"], more_follows, empty)
    if EVERY in values:
        numbers = {name: value for name, value in values.items() if name not in {EVERY, MEASURING}}
        return Measured(step, epoch, numbers, values[MEASURING], more_follows)
    split = next(iter(values)).split(".", 1)[0]
    return Evaluated(step, epoch, split, {name.removeprefix(f"{split}."): value for name, value in values.items()})
