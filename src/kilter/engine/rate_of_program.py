"""The learning rate of a person's program: read, scaled, and its course over the whole training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import torch

from kilter.engine.programs import Made, batches, make, train_step
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from kilter.values.program import Program

_RATES: Final = ("lr", "initial_lr", "max_lr", "min_lr", "base_lr")
"""What torch's optimizers and schedulers keep of rates in a parameter group."""


def highest_rate(made: Made) -> float:
    """The rate that the first group of the first optimizer was set up with.

    Raises:
        UsageError: there is no optimizer of torch.
    """
    groups = groups_of(made)
    if not groups:
        raise UsageError(
            f"`make` gives {type(made.optimizer).__name__} as its optimizer, and no rate can be seen in it",
            legal="torch's optimizers, or lists and mappings of them",
            remedy="declare how the rate is set: Pipeline.from_loop(make, set_rate=lambda optimizer, rate: ...)",
        )
    return highest_in(groups[0])


def highest_in(group: Mapping[str, Any]) -> float:
    """The highest rate that a parameter group is set up for: a scheduler may begin below it."""
    return float(max(group.get(name, 0.0) for name in ("lr", "initial_lr", "max_lr")))


def groups_of(made: Made) -> list[dict[str, Any]]:
    """The parameter groups of all optimizers, live."""
    return [group for optimizer in made.optimizers for group in optimizer.param_groups]


def set_highest_rate(program: Program, made: Made, rate: float) -> None:
    """Give a program that was just made another rate; groups keep their ratios, and schedulers their course.

    With `set_rate` the program does it itself.
    """
    if program.set_rate is not None:
        program.set_rate(made.optimizer, rate)
        return
    factor = rate / highest_rate(made)
    for group in groups_of(made):
        for name in _RATES:
            if name in group:
                group[name] = group[name] * factor
    for scheduler in made.schedulers:
        _scale(scheduler, factor)


def _scale(scheduler: Any, factor: float) -> None:
    """All rates that a scheduler of torch keeps, times a factor."""
    for name in ("base_lrs", "min_lrs", "max_lrs", "_last_lr"):
        if hasattr(scheduler, name):
            setattr(scheduler, name, [each * factor for each in getattr(scheduler, name)])
    for name in ("eta_min", "eta_max"):
        if isinstance(getattr(scheduler, name, None), int | float):
            setattr(scheduler, name, getattr(scheduler, name) * factor)


def length_of(program: Program, made: Made) -> int | None:
    """Batches of the whole training; None where epochs are not declared or a loader has no length."""
    try:
        return None if program.epochs is None else program.epochs * len(made.train)  # type: ignore[arg-type]
    except TypeError:
        return None


def course(program: Program, *, seed: int, total: int, per_epoch: int) -> tuple[float, ...] | None:
    """What the rate is multiplied with at each batch of the training; None where no scheduler of torch changes it.

    One batch is trained, to see whether schedulers go on by the step or by the epoch; then they alone are gone through.
    Those that listen to a metric stand.
    """
    made = make(program, seed)
    plans = [each for each in made.schedulers if not isinstance(each, torch.optim.lr_scheduler.ReduceLROnPlateau)]
    outer = plans[-1:]  # one that holds others is set up last
    if not outer:
        return None
    highest, before = highest_rate(made), outer[0].last_epoch
    made.model.train()
    for _, batch in batches(program, made, 1):
        train_step(program, made, batch)
    by_step = outer[0].last_epoch != before
    anew = make(program, seed)
    plan = [each for each in anew.schedulers if not isinstance(each, torch.optim.lr_scheduler.ReduceLROnPlateau)][-1]
    group = groups_of(anew)[0]
    for optimizer in anew.optimizers:  # a scheduler warns where no step came before its own
        optimizer.step()
    seen: list[float] = []
    while len(seen) < total:
        seen += [float(group["lr"]) / highest] * (1 if by_step else per_epoch)
        plan.step()
    return tuple(seen[:total])
