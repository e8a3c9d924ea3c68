"""What a training has cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

from kilter.values.duration import Duration

BESIDE: Final = 0.1
"""Share of the time that evaluating and saving together should not take."""

WORTH_SAYING: Final = 5.0
"""Seconds that they took together, from which longer intervals are worth saying."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The account of a training over all its sittings.

    >>> cost = Cost(parameters=100, trained=90, flops=6e3, steps=50, examples=1500, tokens=0, seconds=2.0, waiting=0.5,
    ...             evaluating=0.25, saving=0.25, measuring=0.0, memory=None)
    >>> cost.examples_per_second, cost.tokens_per_second, cost.share(cost.waiting)
    (1000.0, None, 0.25)

    Attributes:
        parameters: of the model.
        trained: those of them that are trained.
        flops: floating-point operations of one optimizer step, forward and backward, of matrix products, convolutions
            and attention; None where they could not be counted.
        unknown: why they could not.
        steps: optimizer steps that were made.
        examples: training examples that they saw, each as often as it came.
        tokens: the tokens of these examples without padding; 0 where examples have none.
        seconds: of the whole training.
        waiting: seconds of these in which batches were waited for.
        evaluating: in which the validation split was evaluated.
        saving: in which checkpoints were written.
        measuring: in which layers were measured.
        memory: the most bytes that were taken, on a GPU of its memory, else by the process; None where nobody knows.
    """

    parameters: int
    trained: int
    flops: float | None
    unknown: str = ""
    steps: int
    examples: int
    tokens: int
    seconds: float
    waiting: float
    evaluating: float
    saving: float
    measuring: float
    memory: int | None

    @property
    def examples_per_second(self) -> float | None:
        """Of the time that went into steps, the wait for their batches included; None before the first."""
        return self._rate(self.examples)

    @property
    def tokens_per_second(self) -> float | None:
        """Of the same time; None where examples have no tokens."""
        return self._rate(self.tokens) if self.tokens else None

    @property
    def flops_per_second(self) -> float | None:
        """Of the same time; None where they could not be counted."""
        return None if self.flops is None else self._rate(self.flops * self.steps)

    def share(self, seconds: float) -> float:
        """What part of the whole time so many seconds are."""
        return seconds / self.seconds if self.seconds > 0 else 0.0

    def _rate(self, amount: float) -> float | None:
        stepping = self.seconds - self.evaluating - self.saving
        return amount / stepping if self.steps and stepping > 0 else None


def longer_intervals(cost: Cost, *, evaluate_every: Duration, save_every: Duration) -> dict[str, Duration]:
    """Intervals with which evaluating and saving would take a tenth of the time; empty where they do not take more.

    >>> cost = Cost(parameters=1, trained=1, flops=None, steps=500, examples=500, tokens=0, seconds=100.0, waiting=0.0,
    ...             evaluating=30.0, saving=1.0, measuring=0.0, memory=None)
    >>> longer_intervals(cost, evaluate_every=Duration(1, "ep"), save_every=Duration(1, "ep"))
    {'train.evaluate_every': Duration(amount=5, unit='ep')}

    Returns:
        By the recipe's path, those that should be longer. Both together are granted a tenth, and half of that each, or
        what the other leaves of its half.
    """
    if cost.evaluating + cost.saving < max(WORTH_SAYING, BESIDE * cost.seconds):
        return {}
    rest = cost.seconds - cost.evaluating - cost.saving
    granted = BESIDE / (1 - BESIDE) * rest
    spent = (
        ("train.evaluate_every", evaluate_every, cost.evaluating, cost.saving),
        ("save.every", save_every, cost.saving, cost.evaluating),
    )
    return {
        path: Duration(every.amount * math.ceil(seconds / share), every.unit)
        for path, every, seconds, other in spent
        if seconds > (share := max(granted / 2, granted - other)) > 0
    }
