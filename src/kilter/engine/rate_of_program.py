"""The learning rate of a person's program: read, scaled, and its course over the whole training."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import torch

from kilter.engine.programs import Made, batches, make, train_step
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from kilter.values.program import Program

_RATES: Final = ("lr", "initial_lr", "max_lr", "min_lr", "swa_lr")
"""What torch's optimizers and schedulers keep of rates in a parameter group."""

_WAITED: Final = 64
"""Batches in which the first update is waited for, where gradients are accumulated."""


def highest_rate(made: Made) -> float:
    """The highest rate that the first group of the first optimizer is set up for.

    Raises:
        UsageError: there is no optimizer of torch.
    """
    rates = highest_rates(made)
    if not rates:
        raise UsageError(
            f"`make` gives {type(made.optimizer).__name__} as its optimizer, and no rate can be seen in it",
            legal="torch's optimizers, or lists and mappings of them",
            remedy="declare how the rate is set: Pipeline.from_loop(make, set_rate=lambda optimizer, rate: ...)",
        )
    return rates[0]


def highest_rates(made: Made) -> list[float]:
    """The highest rate that each parameter group is set up for: a scheduler may begin below it."""
    rates: list[float] = []
    for optimizer in made.optimizers:
        tops = [each.max_lrs for each in made.schedulers if hasattr(each, "max_lrs") and each.optimizer is optimizer]
        for place, group in enumerate(optimizer.param_groups):
            said = [group.get(name, 0.0) for name in ("lr", "initial_lr", "max_lr")]
            rates.append(float(max(*said, *(top[place] for top in tops))))
    return rates


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

    The first update is trained, to see whether schedulers go on with it or by the epoch; then they alone are gone
    through. Those that listen to a metric stand.
    """
    made = make(program, seed)
    plan = _plan_of(made)
    if plan is None:
        return None
    highest = highest_rate(made)
    each = _batches_a_turn(program, made, plan) or per_epoch
    anew = make(program, seed)
    plan = _plan_of(anew)
    group = groups_of(anew)[0]
    seen: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no step of the optimizer came before
        while plan is not None and len(seen) < total:
            seen += [float(group["lr"]) / highest] * each
            if len(seen) < total:
                plan.step()
    return tuple(seen[:total])


def _plan_of(made: Made) -> Any:
    """The scheduler that is stepped; one that holds others is set up last."""
    plans = [each for each in made.schedulers if not isinstance(each, torch.optim.lr_scheduler.ReduceLROnPlateau)]
    return plans[-1] if plans else None


def _batches_a_turn(program: Program, made: Made, plan: Any) -> int | None:
    """Batches after which the scheduler goes on by itself, from the first update; None where it waits for epochs."""
    updated = False

    def hook(*_: Any) -> None:
        nonlocal updated
        updated = True

    handles = [optimizer.register_step_post_hook(hook) for optimizer in made.optimizers]
    before, seen = plan.last_epoch, 0
    try:
        for _, batch in batches(program, made, _WAITED):
            train_step(program, made, batch)
            seen += 1
            if updated:
                break
    finally:
        for handle in handles:
            handle.remove()
    return seen if plan.last_epoch != before else None
