"""Finding a batch size: the largest that memory holds, the smallest that is as fast, and where larger stop paying."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kilter.finders.accumulation import accumulated
from kilter.finders.bound import bound
from kilter.finders.budget import read_budget
from kilter.finders.limits import shared_room
from kilter.finders.noise_scale import measure_noise
from kilter.finders.nursery import Nursery
from kilter.finders.probing import probe
from kilter.finders.scaling import advise_rate
from kilter.finders.size_findings import size_findings
from kilter.finders.sizing import Room, first_size, next_size, proved
from kilter.finders.survey import survey
from kilter.finders.throughput import knee, sizes_below
from kilter.finders.timing import time_sizes
from kilter.finders.usage import held
from kilter.values.batch_suggestion import BatchSuggestion, Budget, Counted, SizeProbe, StepTime
from kilter.values.errors import TrainingError, UsageError
from kilter.values.finding import in_order
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.program import Program


def find_batch_size(
    subject: Pipeline | Program,
    *,
    budget: int | None = None,
    effective: int | None = None,
    devices: int = 1,
    most: int | None = None,
    speed: bool = True,
    seed: int = 0,
    told: Callable[[str], None] = lambda _: None,
) -> BatchSuggestion:
    """A batch size that fits, tried on the widest examples in child processes; nothing of the caller's changes.

    Each size that is tried makes two to seven training steps with the real optimizer and an evaluation, in a process
    that may be killed for it. The largest that is returned was tried, and fitted. The noise of gradients says where
    larger ones stop paying, and sizes are timed downward: suggested is the smallest that is as quick, within a few
    percent, to the same loss.

    Args:
        subject: a pipeline, or a person's own program.
        budget: bytes that this process may hold in all (on a GPU: that tensors may take); None reads what is free.
        effective: examples a step that are wanted; batches that do not fit are made of several.
        devices: that share an effective batch.
        most: the largest batch that is of interest; None takes the whole training split.
        speed: whether sizes are timed and the noise of gradients is measured; if not, the largest is suggested.
        seed: of weights and data.
        told: what is being tried, as it begins.

    Raises:
        UsageError: the batch size cannot be changed from outside, or the budget is less than what is held already.
        TrainingError: not even one example fits, or the person's code raised an error; its trace is in it.
    """
    wanted = {"budget": budget, "effective": effective, "devices": devices, "most": most}
    _refuse(wanted)
    window = 2 if isinstance(subject, Pipeline) and (effective or subject.recipe.batch.accumulate > 1) else 1
    with Nursery(subject, room=shared_room()) as nursery:
        seen = survey(nursery, seed=seed)
        allowed = read_budget(budget, free_on_device=seen.free)
        limit = min(some for some in (seen.rows, most, effective and -(-effective // devices)) if some)
        room = _room(nursery, allowed, limit, seen.batch, seed=seed, window=window)
        probes: list[SizeProbe] = []
        while (coming := next_size(probes, room)) is not None:
            told(f"trying batches of {coming.size} …")
            probes.append(probe(nursery, coming.size, allowed, steps=coming.steps, seed=seed, window=window))
        largest = proved(probes)
        if not largest:
            raise _nothing_fits(probes, allowed)
        times: tuple[StepTime, ...] = ()
        noise = None
        if speed:
            told("measuring the noise of gradients …")
            own = None if seen.batch <= largest else largest
            noise = measure_noise(nursery, allowed, batch=own, seed=seed)
            told("timing steps …")
            times = time_sizes(nursery, sizes_below(largest), allowed, noise=noise, seed=seed)
        fastest = knee(times, noise=None if effective else noise) if times else largest
        size, batches = accumulated(effective, largest=fastest, devices=devices) if effective else (fastest, 1)
        scaling = advise_rate(nursery, effective=size * batches * devices, noise=noise, seed=seed)
    suggestion = BatchSuggestion(
        size=size,
        largest=largest,
        bounded_by="memory" if largest < limit else "data" if largest == seen.rows else "asked",
        budget=allowed,
        probes=tuple(probes),
        times=times,
        noise=noise,
        accumulate=batches,
        scaling=scaling,
    )
    return replace(
        suggestion, findings=in_order(size_findings(suggestion, rows=seen.rows, devices=devices, timed=speed))
    )


def _room(nursery: Nursery, allowed: Budget, most: int, batch: int, *, seed: int, window: int) -> Room:
    """What there is to fill, and where to begin."""
    holds = None if allowed.counts is Counted.DEVICE else held(allowed.counts)
    base = holds or 0
    free = allowed.bytes - base
    limits = bound(nursery, room=free, most=most, seed=seed, window=window)
    start = first_size(most, bound=None if limits is None else limits.largest(free), batch=batch)
    return Room(bytes=allowed.bytes, base=base, most=most, start=start)


def _refuse(wanted: Mapping[str, object]) -> None:
    """See that what was asked for are numbers of 1 or more.

    Raises:
        UsageError: one is not.
    """
    for name, number in wanted.items():
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
            raise UsageError(f"{name}={number!r}", legal="it is a whole number of 1 or more, or None")


def _nothing_fits(probes: Sequence[SizeProbe], allowed: Budget) -> TrainingError:
    smallest = min(probes, key=lambda each: each.size)
    return TrainingError(
        f"not even {smallest.size} example a batch fits: {smallest.said}",
        legal=f"{allowed.bytes / 2**20:,.0f} MiB of {allowed.counts} may be held ({allowed.source})",
        remedy="take a smaller model or shorter inputs, an optimizer that keeps less, or give it more memory",
    )
