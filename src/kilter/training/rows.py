"""Events as rows of a history, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kilter.training.events import Evaluated, Event, StepDone
from kilter.values.history import History


def record(event: Event, history: History, seconds: float) -> History:
    """The history with an event in it; `seconds` is the time spent training so far."""
    if isinstance(event, StepDone):
        values = {
            "train.loss": event.loss,
            "train.gradient_norm": event.gradient_norm,
            "train.learning_rate": event.learning_rate,
            "train.epoch": event.epoch,
            "clock.seconds": seconds,
        }
        return history.append(event.step, values)
    if isinstance(event, Evaluated):
        scores = {f"{event.split}.{name}": value for name, value in event.scores.items()}
        return history.append(event.step, scores)
    return history


def retell(history: History) -> Iterator[tuple[Event, History]]:
    """The events of the last step that was recorded, each with the history that hooks were shown with it.

    >>> told = (StepDone(7, 0, 0.5, 1.0, 0.01, True), Evaluated(7, 0, "valid", {"loss": 0.6}))
    >>> history = record(told[1], record(told[0], History(), 3.0), 3.0)
    >>> tuple(event for event, _ in retell(history)) == told
    True
    """
    last = max(0, len(history) - 2)  # a step has one row, and one more where it was evaluated
    rows = [(at, values) for at, (step, values) in enumerate(history.rows(last), last + 1) if step == history.step]
    for at, values in rows:
        epoch = int(history.last("train.epoch") or 0)
        yield _told(values, history.step, epoch, evaluation_follows=at < len(history)), history.first(at)


def _told(values: Mapping[str, float], step: int, epoch: int, *, evaluation_follows: bool) -> Event:
    if "train.loss" in values:
        loss, norm, rate = (values[f"train.{name}"] for name in ("loss", "gradient_norm", "learning_rate"))
        return StepDone(step, epoch, loss, norm, rate, evaluation_follows)
    split = next(iter(values)).split(".", 1)[0]
    return Evaluated(step, epoch, split, {name.removeprefix(f"{split}."): value for name, value in values.items()})
