"""What must be known of a training before batch sizes are tried."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, final

from kilter.engine.attempt import begin
from kilter.engine.programs import make
from kilter.engine.trees import size
from kilter.finders.usage import free_on
from kilter.values.errors import TrainingError
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.finders.nursery import Nursery
    from kilter.values.program import Program

COUNTED: Final = 10_000
"""Batches of a loader without a length that are gone through to count examples."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A training as it is.

    Attributes:
        device: where it computes.
        free: bytes that are free there; None where it is the processor.
        rows: training examples.
        batch: examples a batch, as it is set up.
    """

    device: str
    free: int | None
    rows: int
    batch: int


def survey(nursery: Nursery, *, seed: int = 0) -> Survey:
    """What a child sees of the training that is to be sized.

    Raises:
        TrainingError: it cannot be set up.
        KilterError: the same, as kilter says it.
    """
    ended = nursery.call(surveyed, doing="setting up the training", seed=seed)
    if ended.ran_out:
        raise TrainingError(
            f"setting up the training ended without a word: {ended.ran_out}",
            legal="a model with its optimizer and its data, as they are, have place in memory",
            remedy="take a smaller model, or give it more memory",
        )
    return Survey(**ended.answer)


def surveyed(subject: Pipeline | Program, *, seed: int) -> dict[str, Any]:
    """A survey as JSON has it."""
    attempt = begin(subject, seed=seed)
    device = {"device": attempt.device, "free": free_on(attempt.device)}
    if isinstance(subject, Pipeline):
        split = subject.splits["train"]
        return device | {"rows": len(split), "batch": max(map(len, split.plan(seed=seed, epoch=0)), default=1)}
    train: Any = make(subject, seed).train
    data = getattr(train, "dataset", None)
    most = 1 if isinstance(data, Sized) else COUNTED
    batches = [size(batch) or 1 for batch in islice(train, most)]
    rows = len(data) if isinstance(data, Sized) else sum(batches)
    return device | {"rows": max(rows, 1), "batch": max(batches, default=1)}
