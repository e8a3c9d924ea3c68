"""A batch size tried in a child process: real training steps on the widest examples, then evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kilter.engine.attempt import begin
from kilter.finders.usage import HighWater, cap, is_pinned, mapped
from kilter.values.batch_suggestion import Budget, Counted, SizeProbe

if TYPE_CHECKING:
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program

WAVERING: Final = 0.10
"""Of what comes and goes with each step: in which order blocks were freed decides how well they are used again, so that
equal steps hold more or less: epochs of three trainings differed from run to run by 3, 6 and 19 % about their
mean (docs/benchmarks.md). Weights and optimizer state stay where they are."""

STEADY: Final = 0.02
"""The same where the heap is pinned, or a device counts what tensors take: batches differ, blocks do not."""


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
    most, between, made = ended.answer
    share = STEADY if budget.counts is Counted.DEVICE or is_pinned() else WAVERING
    peak = most + beyond + round(share * max(0, most - between))
    fits = peak <= budget.bytes
    said = "it fits" if fits else f"it may hold {(peak - budget.bytes) / 2**20:,.1f} MiB too much"
    return SizeProbe(size=size, peak=peak, fits=fits, said=said, between=between + beyond, steps=made)


def tried(
    subject: Pipeline | Program, *, size: int, steps: int, seed: int, window: int, counted: str, most: int, files: int
) -> tuple[int, int, int]:
    """Train and evaluate, in a process that is there for it.

    Batches come as they do in a training, and every second is the widest, the last among them; the evaluation comes
    before the last step, as it does from the second epoch on. No more steps are made when one took too much.

    Returns:
        The most bytes it held, those between steps, and the steps that were made.
    """
    counts = Counted(counted)
    high_water = HighWater(counts, files)
    attempt = begin(subject, seed=seed, batch=size)
    if counts is Counted.DEVICE:
        cap(attempt.device, most)
    widest = attempt.widest()
    made = 0
    for left in reversed(range(steps)):
        if not left:
            attempt.evaluate(1)
        if left % 2:
            attempt.step()
        else:
            batch = widest[left // 2 % len(widest)]  # the one with the most numbers last, beside the optimizer's state
            attempt.step_on(*[batch] * window)
        made += 1
        if high_water.most(attempt.device) > most:
            break
    return high_water.most(attempt.device), high_water.now(attempt.device), made
