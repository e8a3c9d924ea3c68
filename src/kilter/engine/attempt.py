"""A training just begun that may be spoilt, because it can be begun again: what finders work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from kilter.engine.attempt_of_pipeline import PipelineAttempt
from kilter.engine.attempt_of_program import ProgramAttempt
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.program import Program


class Attempt(Protocol):
    """A fresh model with its optimizer, somewhere on the way of a training.

    Attributes:
        model: fresh from its seed.
        device: where it is.
        rate: the learning rate at the highest point of its schedule.
        total: optimizer steps of the whole training; None where nobody can tell.
    """

    @property
    def model(self) -> nn.Module: ...

    @property
    def device(self) -> str: ...

    @property
    def rate(self) -> float: ...

    @property
    def total(self) -> int | None: ...

    def step(self) -> float:
        """One optimizer step on what comes next, at the rate that is its turn; its loss."""

    def step_on(self, batch: Any) -> float:
        """The same on a batch that was chosen."""

    def widest(self) -> tuple[Any, ...]:
        """The training batches that take most memory: the one with the most numbers, and the one with the most rows."""

    def evaluate(self, most: int | None = None) -> float:
        """The mean validation loss over `most` batches at most, spread over the split; not-a-number without one."""


def begin(
    subject: Pipeline | Program,
    *,
    seed: int = 0,
    batch: int | None = None,
    rate: float | None = None,
    steps: int | None = None,
) -> Attempt:
    """A training, begun.

    Args:
        subject: a pipeline, or a person's own program.
        seed: of weights, order and everything else that is random.
        batch: examples a batch; None leaves it as it is.
        rate: the learning rate at the highest point of the schedule; None leaves it as it is. Groups keep their ratios.
        steps: the length in which the whole schedule is gone through; None takes the training's own.

    Raises:
        UsageError: the program's batches or its rate cannot be changed from outside; what to declare is said.
    """
    if isinstance(subject, Pipeline):
        return PipelineAttempt(subject, seed=seed, batch=batch, rate=rate, steps=steps)
    return ProgramAttempt(subject, seed=seed, batch=batch, rate=rate, steps=steps)
