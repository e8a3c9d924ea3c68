"""How long training steps take at several batch sizes, told so that a busy machine does not decide."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.engine.attempt import begin
from kilter.engine.devices import settle
from kilter.engine.trees import size
from kilter.engine.widths import numbers_in
from kilter.finders.throughput import scale_of, worth
from kilter.values.batch_suggestion import Budget, NoiseScale, StepTime

if TYPE_CHECKING:
    from kilter.engine.attempt import Attempt
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program

ROUNDS: Final = 6
"""Times that each size is timed; the fastest counts, since whatever else a machine does only adds time."""

SHORTEST: Final = 0.05
"""Seconds of one timing: steps are repeated until then, which makes the clock's own error small."""

LONGEST: Final = 5.0
"""Seconds in all, after which a size is timed no more: long steps vary little."""

HOPELESS: Final = 0.7
"""Share of the furthest that any size gets, below which smaller ones are not tried: they only get slower."""

_BATCHES: Final = 2
"""Of each size that are gone through, from wide to narrow."""


@final
@dataclass(slots=True)
class _Load:
    """The batches of a size that are timed, and the best that was seen.

    Attributes:
        batches: trained on in turn.
        numbers: in an example of that size, on the average of the training.
        seconds: a number, the least.
        spent: seconds on timing.
    """

    batches: tuple[Any, ...]
    numbers: float
    seconds: float = float("inf")
    spent: float = 0.0


def time_sizes(
    nursery: Nursery, sizes: Sequence[int], budget: Budget, *, noise: NoiseScale | None = None, seed: int = 0
) -> tuple[StepTime, ...]:
    """Time training steps in a child, at batch sizes that fit, from the largest down to where it does not pay to go on.

    Nothing where memory ended it.

    Args:
        nursery: where the subject is tried.
        sizes: examples a batch.
        budget: what the training may take, in a process that holds what this one does.
        noise: the gradient noise scale: what larger batches waste is taken off their speed.
        seed: of weights and order.

    Raises:
        TrainingError: the person's code raised an error.
    """
    ended = nursery.call(
        timed,
        doing="timing steps of training",
        limit=budget.bytes - nursery.beyond(budget.counts),
        counts=budget.counts,
        sizes=list(sizes),
        scale=scale_of(noise),
        seed=seed,
    )
    return () if ended.ran_out else tuple(StepTime(size=each, seconds=seconds) for each, seconds in ended.answer)


def timed(
    subject: Pipeline | Program,
    *,
    sizes: Sequence[int],
    seed: int,
    scale: float | None = None,
    clock: Callable[[], float] | None = None,
) -> list[tuple[int, float]]:
    """Size and seconds of a step, from the largest size down.

    A speed is told in numbers a second, padding included, and turned into examples by the width that examples have in
    batches of that size, so that batches that happen to be narrow do not decide. All sizes are gone through several
    times, upward and downward in turn.

    Args:
        subject: a pipeline, or a person's own program; it stays as it is.
        sizes: examples a batch.
        seed: of weights and order.
        scale: the gradient noise scale.
        clock: seconds; None takes the processor's where one thread computes, the wall's otherwise.
    """
    downward = sorted(set(sizes), reverse=True)
    attempt = begin(subject, seed=seed, batch=downward[0])
    read = clock or (time.process_time if _alone(attempt.device) else time.perf_counter)
    loads: dict[int, _Load] = {}
    for examples in downward:
        load = _load(subject, examples, seed)
        attempt.step_on(load.batches[-1])  # memory is asked for, kernels are chosen
        _visit(attempt, load, read)
        loads[examples] = load
        worths = [worth(each, scale) for each in _times(loads)]
        if worths[-1] < HOPELESS * max(worths):
            break
    for turn in range(1, ROUNDS):
        for load in list(loads.values())[:: -1 if turn % 2 else 1]:
            if load.spent < LONGEST:
                _visit(attempt, load, read)
    return [(each.size, each.seconds) for each in _times(loads)]


def _alone(device: str) -> bool:
    return device == "cpu" and torch.get_num_threads() == 1


def _load(subject: Pipeline | Program, examples: int, seed: int) -> _Load:
    attempt = begin(subject, seed=seed, batch=examples)
    batches = attempt.typical(_BATCHES)
    full = max(size(batch) or 0 for batch in batches)
    return _Load(
        batches=tuple(batch for batch in batches if (size(batch) or 0) == full), numbers=attempt.numbers_per_example()
    )


def _times(loads: Mapping[int, _Load]) -> list[StepTime]:
    return [StepTime(size=examples, seconds=examples * load.numbers * load.seconds) for examples, load in loads.items()]


def _visit(attempt: Attempt, load: _Load, read: Callable[[], float]) -> None:
    """Train on all batches of a load, again and again while that is short."""
    settle(attempt.device)
    begun, passed, numbers = read(), 0.0, 0
    while passed < SHORTEST:
        for batch in load.batches:
            attempt.step_on(batch)
            numbers += numbers_in(batch)
        settle(attempt.device)
        passed = read() - begun
    load.seconds = min(load.seconds, passed / numbers)
    load.spent += passed
