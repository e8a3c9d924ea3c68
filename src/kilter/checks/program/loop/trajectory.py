"""The learning rate over a whole run, followed without training."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.planned import batches_an_epoch
from kilter.engine.programs import Made, train_step

PROBED: Final = 8
"""Batches in which calls of schedulers are counted."""

LONGEST: Final = 10_000
"""Calls of a scheduler that are followed: about a tenth of a second."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The rates of one parameter group in the order of a run's batches.

    Attributes:
        rates: of each batch of the planned run.
        epochs: of the planned run.
        batches: of an epoch.
        calls: how often schedulers were stepped for a batch, on average.
        ends: how often at the end of an epoch.
        unstepped: schedulers that were made and never stepped.
        longer: rates that would follow if the run went on, one for each call of a scheduler, up to ten times as long.
        each_epoch: the rates if all schedulers were stepped once an epoch, one for each epoch.
        each_batch: the rates if they were stepped once a batch, one for each batch.
        horizon: how many of its steps the schedule says it is made for; None where it does not say it.
        error: what the schedule raised, in the sentence that it said, and after how many calls.
    """

    rates: tuple[float, ...]
    epochs: int
    batches: int
    calls: float
    ends: float
    unstepped: int
    longer: tuple[float, ...]
    each_epoch: tuple[float, ...]
    each_batch: tuple[float, ...]
    horizon: int | None
    error: tuple[str, int] | None = None


def follow(bench: Bench) -> Trajectory | None:
    """The planned rates; None where no scheduler was made, its steps need a score, or the length is not known."""
    made = bench.made()
    epochs, count = bench.program.epochs, batches_an_epoch(made.train)
    stepping = _stepping(made)
    if not stepping or epochs is None or not count:
        return None
    if epochs * count > LONGEST or any(_needs_score(scheduler) for scheduler in stepping):
        return None
    with _quietly():
        calls, ends, unstepped = _counted(bench, stepping, made)
        rates, error = _run(bench, epochs=epochs, count=count, calls=calls, ends=ends)
        a_run = epochs * count * calls + epochs * ends
        longer = _alone(bench, min(LONGEST, round(10 * a_run) or 10 * epochs * count))
        each_batch = _alone(bench, epochs * count)
    return Trajectory(
        rates=rates,
        epochs=epochs,
        batches=count,
        calls=calls,
        ends=ends,
        unstepped=unstepped,
        longer=longer,
        each_epoch=each_batch[:epochs],
        each_batch=each_batch,
        horizon=_horizon(stepping),
        error=error,
    )


def _stepping(made: Made) -> list[Any]:
    """The schedulers that a person steps: not those inside of another one."""
    inside = {id(part) for scheduler in made.schedulers for part in getattr(scheduler, "_schedulers", ())}
    inside |= {id(part) for s in made.schedulers if (part := getattr(s, "after_scheduler", None)) is not None}
    return [scheduler for scheduler in made.schedulers if id(scheduler) not in inside]


def _needs_score(scheduler: Any) -> bool:
    return isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)


def _horizon(schedulers: list[Any]) -> int | None:
    """What a schedule was told of its length, in the words of torch's schedulers."""
    if len(schedulers) != 1:
        return None
    for word in ("T_max", "total_steps", "total_iters"):
        value = getattr(schedulers[0], word, None)
        if isinstance(value, int | float) and value > 0:
            return int(value)
    return None


def _counted(bench: Bench, schedulers: list[Any], made: Made) -> tuple[float, float, int]:
    """Calls for a batch, calls at the end of an epoch, and schedulers without any."""
    count = {id(scheduler): 0 for scheduler in schedulers}

    def counting(scheduler: Any) -> Any:
        original = scheduler.step

        def step(*arguments: Any, **keywords: Any) -> Any:
            count[id(scheduler)] += 1
            return original(*arguments, **keywords)

        return step

    for scheduler in schedulers:
        scheduler.step = counting(scheduler)
    taken = 0
    windows = max(1, len(bench.recording.steps) // max(1, len(bench.recording.updates)))
    with persons_code("A training step"):
        made.model.train()
        for batch in islice(made.train, max(PROBED, 2 * windows)):
            try:
                train_step(bench.program, made, batch)
            except ValueError:  # a schedule that is stepped beyond its end says so
                break
            taken += 1
    in_steps = sum(count.values())
    if bench.program.epoch_end is not None:
        with persons_code("The end of an epoch"):
            bench.program.epoch_end(made.model, made.optimizer, 0)
    at_end = sum(count.values()) - in_steps
    some = max(1, sum(1 for calls in count.values() if calls))
    return in_steps / max(1, taken) / some, at_end / some, sum(1 for calls in count.values() if not calls)


def _run(
    bench: Bench, *, epochs: int, count: int, calls: float, ends: float
) -> tuple[tuple[float, ...], tuple[str, int] | None]:
    """The rates of the run, schedulers stepped as was counted; the author's end of an epoch is the author's own."""
    made = bench.made()
    schedulers = _stepping(made)
    rates: list[float] = []
    owed, called = 0.0, 0
    try:
        for epoch in range(epochs):
            for _ in range(count):
                rates.append(_rate(made))
                owed += calls
                while owed >= 1 - 1e-9:
                    owed -= 1
                    for scheduler in schedulers:
                        scheduler.step()
                    called += 1
            if bench.program.epoch_end is not None and ends:
                bench.program.epoch_end(made.model, made.optimizer, epoch)
                called += round(ends)
    except Exception as error:  # noqa: BLE001 - torch's schedules raise ValueError beyond their end, others what they like
        return tuple(rates), (f"{type(error).__name__}: {error}", called)
    return tuple(rates), None


def _alone(bench: Bench, most: int) -> tuple[float, ...]:
    """Rates, one a call of the schedulers."""
    made = bench.made()
    schedulers = _stepping(made)
    rates = [_rate(made)]
    try:
        for _ in range(max(1, most) - 1):
            for scheduler in schedulers:
                scheduler.step()
            rates.append(_rate(made))
    except Exception:  # noqa: BLE001 - beyond its end a schedule raises what it likes
        return tuple(rates)
    return tuple(rates)


def _rate(made: Made) -> float:
    """The largest rate of the groups: one that rests has none to show."""
    groups = [group for optimizer in made.optimizers for group in optimizer.param_groups]
    return max((float(group["lr"]) for group in groups if "lr" in group), default=0.0)


@contextmanager
def _quietly() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # that a schedule is stepped without its optimizer is what is wanted here
        yield
