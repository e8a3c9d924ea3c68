"""A plan: the arithmetic of a training and its learning rate, known before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A step at which a schedule turns, counted from 1, and what happens there."""

    step: int
    text: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training will do: batches to steps to epochs, and the rate of its steps.

    Attributes:
        rows: of the training split.
        rows_an_epoch: that an epoch is made of, each as often as it is drawn.
        batches: of the first epoch.
        smallest: rows of its smallest batch.
        largest: rows of its largest batch.
        tokens: that a batch may hold, padding included; None where batches are counted in rows.
        accumulate: batches of a step.
        steps_per_epoch: of the first epoch; where batches go by tokens others may differ a little.
        steps: of the whole run; None where the clock ends it.
        epochs: of the whole run.
        length: of the run, as it was asked for.
        schedule: its name.
        at: steps, counted from 1 and rising, for which the rate is told, the first and the last among them; of a run
            that the clock ends as far as to show what goes on.
        rates: their learning rates, as long as nothing that is recorded lowers them.
        marks: where the schedule turns.
    """

    rows: int
    rows_an_epoch: int
    batches: int
    smallest: int
    largest: int
    tokens: int | None
    accumulate: int
    steps_per_epoch: int
    steps: int | None
    epochs: float | None
    length: str
    schedule: str
    at: tuple[int, ...]
    rates: tuple[float, ...]
    marks: tuple[Mark, ...]

    @property
    def rows_a_step(self) -> float:
        """The effective batch: rows whose losses make one step, on average."""
        return self.rows_an_epoch / self.steps_per_epoch

    def __repr__(self) -> str:
        steps = f"until {self.length}" if self.steps is None else f"{self.steps:,} steps"
        return (
            f"Plan({steps}, {self.steps_per_epoch:,} an epoch, {self.rows_a_step:.4g} rows a step; {self.schedule}, "
            f"{self.rates[0]:.3g} to {max(self.rates):.3g} to {self.rates[-1]:.3g})"
        )
