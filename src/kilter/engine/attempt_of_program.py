"""A person's program, begun for a finder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, final

from kilter.engine.predicting import evaluating
from kilter.engine.programs import Made, batches, make, plain_loss, train_step, value_of
from kilter.engine.rate_of_program import course, groups_of, highest_in, highest_rate, length_of, set_highest_rate
from kilter.engine.rebatching import rebatched, widest
from kilter.engine.trees import size
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.program import Program


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
        self.rate = highest_rate(self._made) if rate is None or program.set_rate is None else rate
        self._highest = [highest_in(group) for group in groups_of(self._made)]
        self._stretch = (self.total or 1) / steps if steps is not None and shortened else 1.0
        self._steps = 0
        self._asked = rate is not None
        self._coming = self._in_order()

    def step(self) -> float:
        """One step of the program on the batch that comes next; its loss."""
        return self.step_on(next(self._coming))

    def step_on(self, batch: Any) -> float:
        """One step of the program on a batch; its loss."""
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
        """The training batch that takes most memory."""
        examples = self._batch if self._batch is not None else _examples(self._made.train)
        return widest(self._made.train, examples)

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
                losses += count * float(plain_loss(self._program, made.model, made.loss_fn, batch).detach())
                examples += count
        return losses / examples if examples else math.nan

    def _in_order(self) -> Iterator[Any]:
        for _, batch in batches(self._program, self._made, 10**12):
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


def _length(batch: Any) -> int:
    return size(batch) or 1
