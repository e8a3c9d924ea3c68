"""A person's program made afresh, and run as its author wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch
from torch.optim.lr_scheduler import LRScheduler

from kilter.engine.seeding import seed_everything
from kilter.engine.trees import leaves
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.values.program import Program


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What `make` gave: live things that may be spoilt, since they can be made again.

    Attributes:
        model: the model.
        optimizer: as `step` gets it: one optimizer, several in a list or mapping, or an object of another kind.
        loss_fn: as `step` gets it.
        train: the training loader.
        valid: the validation loader, if there is one.
        schedulers: torch's schedulers that `make` set up.
    """

    model: nn.Module
    optimizer: Any
    loss_fn: Any
    train: Iterable[Any]
    valid: Iterable[Any] | None
    schedulers: tuple[Any, ...] = ()

    @property
    def optimizers(self) -> tuple[Optimizer, ...]:
        """All torch optimizers of the program."""
        return tuple(optimizers_in(self.optimizer))


def make(program: Program, seed: int = 0, *, seeded: bool = True) -> Made:
    """The program afresh.

    Args:
        program: how it is made.
        seed: what `make` is given.
        seeded: whether the global generators are seeded first, so that a `make` that forgets it repeats, too.

    Raises:
        UsageError: what `make` gave is no program.
    """
    if seeded:
        seed_everything(seed)
    with _schedulers_noted() as schedulers:
        given: Any = program.make(seed)
    parts = tuple(given) if isinstance(given, tuple | list) else (given,)
    if len(parts) != 5 or not isinstance(parts[0], torch.nn.Module):
        raise UsageError(
            f"`make` gave {', '.join(type(part).__name__ for part in parts)}",
            legal="it gives (model, optimizer, loss_fn, train_loader, valid_loader), the model a torch.nn.Module",
            remedy="let `make(seed)` return these five, None for what there is not",
        )
    model, optimizer, loss_fn, train, valid = parts
    return Made(
        model=model,
        optimizer=optimizer,
        loss_fn=program.loss_fn if loss_fn is None else loss_fn,
        train=train,
        valid=valid,
        schedulers=tuple(schedulers),
    )


def optimizers_in(thing: Any) -> Iterator[Optimizer]:
    """The torch optimizers in what a person calls the optimizer."""
    if isinstance(thing, torch.optim.Optimizer):
        yield thing
    elif isinstance(thing, Mapping):
        for part in thing.values():
            yield from optimizers_in(part)
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from optimizers_in(part)
    elif isinstance(getattr(thing, "optimizer", None), torch.optim.Optimizer):  # a wrapper, as accelerate's
        yield thing.optimizer


def train_step(program: Program, made: Made, batch: Any, *, loss_fn: Any = None) -> Any:
    """One step on a batch as the author wrote it; what it returns.

    Args:
        program: whose step it is.
        made: on what.
        batch: as the loader gives it.
        loss_fn: stands in for the program's own, so that it can be listened to.
    """
    loss_fn = made.loss_fn if loss_fn is None else loss_fn
    if program.step is not None:
        return program.step(made.model, made.optimizer, loss_fn, batch)
    for optimizer in made.optimizers:
        optimizer.zero_grad()
    loss = plain_loss(program, made.model, loss_fn, batch)
    torch.autograd.backward(loss)
    for optimizer in made.optimizers:
        optimizer.step()
    return loss


def plain_loss(program: Program, model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    """The loss where the author gave no step: of inputs and target, or the one inside of the model."""
    if program.forward is not None:
        outputs = program.forward(model, batch)
    elif isinstance(batch, Mapping):
        outputs = model(**batch)
    else:
        outputs = model(*batch[:-1]) if isinstance(batch, list | tuple) else model(batch)
    if program.loss is not None:
        return program.loss(outputs, batch)
    own = getattr(outputs, "loss", None) if not isinstance(outputs, Mapping) else outputs.get("loss")
    loss: Tensor = own if own is not None else loss_fn(outputs, batch[-1])
    return loss


def batches(program: Program, made: Made, most: int) -> Iterator[tuple[int, Any]]:
    """(epoch, batch) as a training meets them: training mode at the start of each epoch, the author's end after it."""
    given, epoch = 0, 0
    while given < most:
        made.model.train()
        before = given
        for batch in made.train:
            yield epoch, batch
            given += 1
            if given == most:
                return
        if given == before:
            return
        if program.epoch_end is not None:
            program.epoch_end(made.model, made.optimizer, epoch)
        epoch += 1


def elements(model: nn.Module) -> int:
    """How many numbers a model's parameters hold."""
    return sum(parameter.numel() for parameter in model.parameters())


def value_of(returned: Any) -> float:
    """The loss that a step returned, as a number; not-a-number where it gave none."""
    if isinstance(returned, Mapping) and "loss" in returned:
        returned = returned["loss"]
    found = list(leaves(returned).values())
    if found and found[0].numel() == 1:
        return float(found[0].detach())
    return float(returned) if isinstance(returned, int | float) else float("nan")


@contextmanager
def _schedulers_noted() -> Iterator[list[Any]]:
    """Inside, each scheduler of torch that is set up is noted."""
    noted: list[Any] = []
    plans = torch.optim.lr_scheduler  # those that hold others do not call the constructor of their parent
    kinds: list[Any] = [LRScheduler, plans.ReduceLROnPlateau, plans.SequentialLR, plans.ChainedScheduler]
    before = [kind.__init__ for kind in kinds]

    def noting(original: Any) -> Any:
        def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:  # noqa: N807 - it stands in for one
            if not any(self is one for one in noted):
                noted.append(self)
            original(self, *arguments, **keywords)

        return __init__

    try:
        for kind, original in zip(kinds, before, strict=True):
            kind.__init__ = noting(original)
        yield noted
    finally:
        for kind, original in zip(kinds, before, strict=True):
            kind.__init__ = original
