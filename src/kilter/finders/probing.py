"""A batch size tried in a child process: real training steps on the widest examples, then evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.engine.attempt import begin
from kilter.finders.usage import HighWater, cap, mapped
from kilter.values.batch_suggestion import Budget, Counted, SizeProbe

if TYPE_CHECKING:
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program


def probe(nursery: Nursery, size: int, budget: Budget, *, steps: int, seed: int = 0, window: int = 1) -> SizeProbe:
    """Try a batch size in a child.

    Args:
        nursery: where the subject is tried.
        size: examples a batch.
        budget: what the training may take, in a process that holds what this one does.
        steps: of training, 1 or more.
        seed: of weights and data.
        window: batches that make one step.

    Raises:
        TrainingError: the person's code raised an error that is not one of memory.
        KilterError: what it raised.
    """
    beyond = nursery.beyond(budget.counts)
    ended = nursery.call(
        tried,
        doing=f"training and evaluating with batches of {size}",
        limit=budget.bytes - beyond,
        counts=budget.counts,
        size=size,
        steps=steps,
        seed=seed,
        window=window,
        counted=str(budget.counts),
        most=budget.bytes - beyond,
        files=mapped(),
    )
    if ended.ran_out:
        return SizeProbe(size=size, peak=None, fits=False, said=ended.ran_out, steps=steps)
    peak, between = (held + beyond for held in ended.answer)
    fits = peak <= budget.bytes
    said = "it fits" if fits else f"it held {(peak - budget.bytes) / 2**20:,.1f} MiB too much"
    return SizeProbe(size=size, peak=peak, fits=fits, said=said, between=between, steps=steps)


def tried(
    subject: Pipeline | Program, *, size: int, steps: int, seed: int, window: int, counted: str, most: int, files: int
) -> tuple[int, int]:
    """Train and evaluate, in a process that is there for it; the most bytes it held, and those between steps.

    The evaluation comes before the last step, as it does from the second epoch on.
    """
    counts = Counted(counted)
    high_water = HighWater(counts, files)
    attempt = begin(subject, seed=seed, batch=size)
    if counts is Counted.DEVICE:
        cap(attempt.device, most)
    widest = attempt.widest()
    for left in reversed(range(steps)):
        if not left:
            attempt.evaluate(1)
        batch = widest[left % len(widest)]  # the one with the most numbers last, beside the optimizer's state
        attempt.step_on(*[batch] * window)
    return high_water.most(attempt.device), high_water.now(attempt.device)
