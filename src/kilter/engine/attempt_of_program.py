"""A person's program, begun for a finder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.engine.predicting import evaluating
from kilter.engine.programs import Made, batches, make, plain_loss, train_step, value_of
from kilter.engine.rate_of_program import (
    course,
    groups_of,
    highest_rate,
    highest_rates,
    length_of,
    set_highest_rate,
)
from kilter.engine.rebatching import rebatched, widest
from kilter.engine.stopped_step import gradient_of_step, loss_of_step
from kilter.engine.trees import leaves, size, take
from kilter.engine.widths import SMALLEST, numbers_in
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.program import Program

LOOKED_AT: Final = 2048
"""Examples whose width is looked at; their mean is then known to a few percent."""


@final
class ProgramAttempt:
    """See `kilter.engine.attempt.Attempt`; a step is one call of the program's own, accumulating or not."""

    def __init__(
        self, program: Program, *, seed: int, batch: int | None, rate: float | None, steps: int | None
    ) -> None:
        program, self._batch = _with_batch(program, batch)
        self._program, self._made = program, _begun(program, seed, self._batch)
        self.model: nn.Module = self._made.model
        first = next(self.model.parameters(), None)
        self.device = "cpu" if first is None else str(first.device)
        self.total = length_of(program, self._made)
        self._course: tuple[float, ...] | None = None
        shortened = steps is not None and self.total is not None and steps != self.total
        if shortened and program.epochs is not None and self.total is not None:
            per_epoch = self.total // program.epochs
            self._course = course(program, seed=seed, total=self.total, per_epoch=max(1, per_epoch))
            self._made = _begun(program, seed, self._batch)
            self.model = self._made.model
        if rate is not None:
            set_highest_rate(program, self._made, rate)
        self._rate = None if program.set_rate is None else rate  # it may do what cannot be seen in groups
        self._highest = highest_rates(self._made)
        self.optimizers = self._made.optimizers
        self._stretch = (self.total or 1) / steps if steps is not None and shortened else 1.0
        self._steps = 0
        self._asked = rate is not None
        self._coming = _in_order(program, self._made)

    @property
    def rate(self) -> float:
        """The rate at its highest point.

        Raises:
            UsageError: it cannot be seen.
        """
        if self._rate is not None:
            return self._rate
        return self._highest[0] if self._highest else highest_rate(self._made)

    @property
    def examples_a_step(self) -> float:
        """Examples of an update: those of a batch, times the batches that were declared to be accumulated."""
        return float(self._examples() * (self._program.accumulate or 1))

    def step(self) -> float:
        """One step of the program on the batch that comes next; its loss.

        Raises:
            UsageError: no batch comes.
        """
        for batch in self._coming:
            return self.step_on(batch)
        raise UsageError(
            "the training loader gives no more batches",
            legal="a loader gives its batches anew each time that it is gone through",
            remedy="let `make` give a DataLoader, a list, or an object whose `__iter__` begins anew",
        )

    def step_on(self, batch: Any, *more: Any) -> float:
        """One step of the program on a batch, or one on each of several; the last one's loss."""
        loss = self._step(batch)
        for another in more:
            loss = self._step(another)
        return loss

    def _step(self, batch: Any) -> float:
        if self._course is not None:
            height = self._course[min(int((self._steps + 0.5) * self._stretch), len(self._course) - 1)]
            for group, highest in zip(groups_of(self._made), self._highest, strict=True):
                group["lr"] = highest * height
        before = [group["lr"] for group in groups_of(self._made)]
        loss = value_of(train_step(self._program, self._made, batch))
        if self._steps == 0 and self._asked and not self._made.schedulers:
            _refuse_overwritten(before, [group["lr"] for group in groups_of(self._made)])
        self._steps += 1
        return loss

    def widest(self) -> tuple[Any, ...]:
        """The training batch that takes most memory.

        Raises:
            UsageError: it has another number of examples than were asked for.
        """
        return widest(self._made.train, self._examples())

    def typical(self, count: int) -> tuple[Any, ...]:
        """The first batches."""
        return tuple(islice(self._made.train, count))

    def drawn(self, count: int) -> tuple[Any, ...]:
        """The first batches, which are drawn at random where the loader shuffles; cut where there are too few."""
        whole = self.typical(count)
        pieces = math.ceil(count / len(whole)) if whole else 1
        return tuple(piece for batch in whole for piece in _cut(batch, pieces))[:count]

    def numbers_per_example(self) -> float:
        """How many numbers an example has in a training batch, padding included."""
        numbers = examples = 0
        for place, batch in enumerate(self._made.train):
            alike = place == 1 and numbers_in(batch) * examples == numbers * _length(batch)
            numbers, examples = numbers + numbers_in(batch), examples + _length(batch)
            if examples >= LOOKED_AT or alike:  # reading what is always as wide may take long
                break
        return numbers / max(1, examples)

    def gradient(self, batch: Any) -> Tensor:
        """The gradient of the program's step on a batch, as one vector over the trainable parameters."""
        return gradient_of_step(self._program, self._made, batch)

    def evaluate(self, most: int | None = None) -> float:
        """The validation loss, as the program's own `validate` says it where there is one."""
        made = self._made
        if made.valid is None:
            return math.nan
        if self._program.validate is not None:
            return float(self._program.validate(made.model, made.loss_fn, made.valid)[0])
        losses, examples = 0.0, 0
        with evaluating(made.model):
            for batch in islice(made.valid, most):
                count = _length(batch)
                losses += count * self._loss(batch)
                examples += count
        return losses / examples if examples else math.nan

    def _loss(self, batch: Any) -> float:
        """The loss of a batch; where only the step can tell, with gradients, which it may ask for."""
        program = self._program
        if program.step is None or program.loss is not None:
            return float(plain_loss(program, self._made.model, self._made.loss_fn, batch).detach())
        with torch.enable_grad():
            return loss_of_step(program, self._made, batch)

    def _examples(self) -> int:
        return self._batch if self._batch is not None else _examples(self._made.train)


def _in_order(program: Program, made: Made) -> Iterator[Any]:
    for _, batch in batches(program, made, 10**12):
        yield batch


def _refuse_overwritten(before: list[float], after: list[float]) -> None:
    """A step that sets its rate itself takes no notice of ours.

    Raises:
        UsageError: the rate is another one after the step, and no scheduler of torch did it.
    """
    if any(not math.isclose(was, now) for was, now in zip(before, after, strict=True)):
        raise UsageError(
            f"the program's step sets its learning rate itself: {before[0]:g} became {after[0]:g}",
            legal="a rate that can be changed from outside stands in the optimizer's groups, or is a scheduler's",
            remedy="declare how it is set: Pipeline.from_loop(make, set_rate=lambda optimizer, rate: ...)",
        )


def _with_batch(program: Program, batch: int | None) -> tuple[Program, int | None]:
    """The program with another batch size, where it can make itself with one; and the size that is still to be cut."""
    if batch is None or not callable(program.batch_size):
        return program, batch
    made_with = program.batch_size(batch)
    if not callable(made_with):
        raise UsageError(
            f"batch_size({batch}) gave {type(made_with).__name__}",
            legal="it gives `make`, as it is with that batch size",
            remedy="Pipeline.from_loop(make, batch_size=lambda n: functools.partial(make, batch_size=n))",
        )
    return replace(program, make=made_with), None


def _begun(program: Program, seed: int, batch: int | None) -> Made:
    made = make(program, seed)
    if batch is not None:
        made = replace(made, train=rebatched(made.train, batch))
    made.model.train()
    return made


def _examples(loader: Iterable[Any]) -> int:
    return max((_length(batch) for batch in islice(loader, 4)), default=1)


def _cut(batch: Any, pieces: int) -> list[Any]:
    """About so many pieces of a batch that can be cut; else the batch as it is."""
    examples = _length(batch)
    each = max(SMALLEST, examples // pieces)
    if pieces == 1 or any(not tensor.ndim or len(tensor) != examples for tensor in leaves(batch).values()):
        return [batch]
    return [take(batch, range(at, at + each)) for at in range(0, examples - each + 1, each)]


def _length(batch: Any) -> int:
    return size(batch) or 1
