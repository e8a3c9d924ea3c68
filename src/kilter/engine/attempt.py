"""A training just begun that may be spoilt, because it can be begun again: what finders work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from kilter.engine.attempt_of_pipeline import PipelineAttempt
from kilter.engine.attempt_of_program import ProgramAttempt
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.values.program import Program


class Attempt(Protocol):
    """A fresh model with its optimizer, somewhere on the way of a training.

    Attributes:
        model: fresh from its seed.
        device: where it is.
        rate: the learning rate at the highest point of its schedule.
        total: optimizer steps of the whole training; None where nobody can tell.
        examples_a_step: what an update learns from, on the average.
        optimizers: of torch.
    """

    @property
    def model(self) -> nn.Module: ...

    @property
    def device(self) -> str: ...

    @property
    def rate(self) -> float: ...

    @property
    def total(self) -> int | None: ...

    @property
    def examples_a_step(self) -> float: ...

    @property
    def optimizers(self) -> tuple[Optimizer, ...]: ...

    def step(self) -> float:
        """One optimizer step on what comes next, at the rate that is its turn; its loss."""

    def step_on(self, batch: Any, *more: Any) -> float:
        """The same on a batch that was chosen, or on several that make one step together."""

    def widest(self) -> tuple[Any, ...]:
        """The training batches that take most memory: the one with the most numbers, and the one with the most rows."""

    def typical(self, count: int) -> tuple[Any, ...]:
        """At most so many training batches as a training meets them, from wide to narrow where that can be told."""

    def drawn(self, count: int) -> tuple[Any, ...]:
        """At most so many training batches of examples that were drawn at random, all of about one size."""

    def numbers_per_example(self) -> float:
        """How many numbers an example has in a training batch, padding included."""

    def gradient(self, batch: Any) -> Tensor:
        """The gradient of a batch's loss, as one vector over the trainable parameters, in main memory; no update.

        Raises:
            UsageError: it cannot be heard.
        """

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
