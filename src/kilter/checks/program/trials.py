"""The program's own training with one thing changed, from the same seed, and what it came to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.program.predicted import predicted, quality
from kilter.engine.peeking import peek
from kilter.engine.programs import Made, train_step, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim import Optimizer

    from kilter.checks.program.roles import Roles
    from kilter.values.program import Program

JUDGED: Final = 1024
"""Rows of each split that a trial is judged on, at most."""

BATCHES: Final = 3000
"""Batches that a trial trains on, at most."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is done otherwise.

    Attributes:
        name: completes "training ..."; two changes of one name are taken for the same.
        prepare: changes what was made, before the first step.
        gradients: changes `.grad` of an optimizer's parameters before each of its updates.
        scale: of each update: parameters go so many times as far, whatever the optimizer and its rate; or a function
            of how many updates there were.
        batches: other batches in the place of an epoch's.
        step: stands in for the author's step.
        around: holds while the training runs.
    """

    name: str
    prepare: Callable[[Made], None] | None = None
    gradients: Callable[[Optimizer], None] | None = None
    scale: float | Callable[[int], float] = 1.0
    batches: Callable[[Iterable[Any]], Iterable[Any]] | None = None
    step: Callable[[Made, Any], Any] | None = None
    around: Callable[[Made], AbstractContextManager[None]] | None = None


AS_IT_IS: Final = Change(name="as it is")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A training that was run to see what comes of it.

    Attributes:
        change: what was done otherwise.
        losses: that each step returned; not-a-number where it gave none.
        rates: the learning rate of the first parameter group after each step.
        epochs: how many were begun.
        reported: what the author's `validate` said after each epoch: (loss, metric).
        train: quality on training rows in evaluation mode, as `predicted.quality` has it; None where nothing says it.
        valid: the same on validation rows.
        train_loss: mean of the program's loss on training rows in evaluation mode.
        valid_loss: the same on validation rows.
        rows: how many validation rows that was.
        made: the trained program.
    """

    change: Change
    losses: tuple[float, ...]
    rates: tuple[float, ...]
    epochs: int
    reported: tuple[tuple[float, float], ...]
    train: float | None
    valid: float | None
    train_loss: float
    valid_loss: float
    rows: int
    made: Made

    @property
    def finite(self) -> bool:
        """Whether the last loss and all weights are numbers."""
        whole = all(bool(torch.isfinite(p).all()) for p in self.made.model.parameters())
        return whole and (not self.losses or not math.isinf(self.losses[-1]))


def run_trial(program: Program, made: Made, roles: Roles, change: Change, *, share: float = 1.0) -> Trial:
    """Train what was just made as the author does, for a share of the epochs, with one thing changed.

    The author's `validate` is called after each epoch that was whole; an error in it is an error of the trial.
    """
    if change.prepare is not None:
        change.prepare(made)
    whole = (program.epochs or 1) * share
    losses: list[float] = []
    rates: list[float] = []
    reported: list[tuple[float, float]] = []
    epoch = 0
    with updating(made, change):
        while epoch < whole and len(losses) < BATCHES:
            most = math.inf
            if whole - epoch < 1:
                most = max(1, math.ceil((whole - epoch) * (_length(made.train) or 10)))
            made.model.train()
            given = change.batches(made.train) if change.batches is not None else made.train
            for at, batch in enumerate(given):
                if at >= most or len(losses) >= BATCHES:
                    break
                returned = change.step(made, batch) if change.step else train_step(program, made, batch)
                losses.append(value_of(returned))
                rates.append(_rate(made))
            if program.validate is not None and made.valid is not None and most == math.inf:
                loss, metric = program.validate(made.model, made.loss_fn, made.valid)
                reported.append((float(loss), float(metric)))
            if program.epoch_end is not None and most == math.inf:
                program.epoch_end(made.model, made.optimizer, epoch)
            epoch += 1
    train, train_loss, _ = judged(program, roles, made, made.train)
    valid, valid_loss, rows = (None, math.nan, 0) if made.valid is None else judged(program, roles, made, made.valid)
    return Trial(
        change=change,
        losses=tuple(losses),
        rates=tuple(rates),
        epochs=epoch,
        reported=tuple(reported),
        train=train,
        valid=valid,
        train_loss=train_loss,
        valid_loss=valid_loss,
        rows=rows,
        made=made,
    )


def judged(program: Program, roles: Roles, made: Made, loader: Iterable[Any]) -> tuple[float | None, float, int]:
    """Quality, mean loss and number of rows of a trained program, in evaluation mode, on the first rows of a loader."""
    given, target = [], []
    loss_sum, rows = 0.0, 0
    for batch in loader:
        try:
            seen = peek(program, made, batch, training=False, seed=0)
        except Exception:  # noqa: BLE001 - a validation batch may be of another form than the step takes
            return None, math.nan, 0
        pair = predicted(program, roles, seen, batch)
        if pair is not None:
            given.append(pair.given)
            target.append(pair.target)
        count = len(pair.given) if pair is not None and pair.given.ndim else 1
        if seen.losses or seen.loss is not None:
            last = seen.losses[-1].result if seen.losses else seen.loss
            loss_sum += count * value_of(last)
        rows += count
        if rows >= JUDGED:
            break
    if not rows:
        return None, math.nan, 0
    same = len({tuple(part.shape[1:]) for part in given}) == 1 and len({tuple(t.shape[1:]) for t in target}) == 1
    worth = quality(program, torch.cat(given), torch.cat(target)) if same and given[0].ndim else None
    return worth, loss_sum / rows, rows


@contextmanager
def updating(made: Made, change: Change) -> Iterator[None]:
    """Inside, updates are as the change wants them."""
    with ExitStack() as stack:
        if change.around is not None:
            stack.enter_context(change.around(made))
        for optimizer in made.optimizers if change.gradients is not None or change.scale != 1.0 else ():
            updates = _Updates(change)
            stack.callback(optimizer.register_step_pre_hook(updates.beginning).remove)
            stack.callback(optimizer.register_step_post_hook(updates.ending).remove)
        yield


@final
class _Updates:
    """The updates of one optimizer as a change wants them; a step that calls that of its parent class is one."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.done = 0
        self.deep = 0
        self.before: list[tuple[torch.Tensor, torch.Tensor]] = []

    def beginning(self, optimizer: Optimizer, _arguments: Any, _keywords: Any) -> None:
        self.deep += 1
        if self.deep > 1:
            return
        if self.change.gradients is not None:
            with torch.no_grad():
                self.change.gradients(optimizer)
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        self.before = [(parameter, parameter.detach().clone()) for parameter in parameters]

    def ending(self, _optimizer: Optimizer, _arguments: Any, _keywords: Any) -> None:
        self.deep -= 1
        if self.deep:
            return
        scale = self.change.scale
        times = scale if isinstance(scale, float | int) else scale(self.done)
        self.done += 1
        if times == 1.0:
            return
        with torch.no_grad():
            for parameter, before in self.before:
                parameter.copy_(before + times * (parameter - before))


def _rate(made: Made) -> float:
    groups = [group for optimizer in made.optimizers for group in optimizer.param_groups]
    return float(groups[0]["lr"]) if groups and "lr" in groups[0] else math.nan


def _length(loader: Iterable[Any]) -> int | None:
    try:
        return len(loader)  # type: ignore[arg-type]  # whoever has no length says so
    except TypeError:
        return None
