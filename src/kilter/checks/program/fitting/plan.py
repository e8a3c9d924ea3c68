"""How long a program means to train, and with which rates: what a dozen steps are measured against."""

from __future__ import annotations

import math
import statistics
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.fitting.settings import plain_momentum
from kilter.engine.programs import Made

if TYPE_CHECKING:
    from kilter.values.recording import Update

LONGEST: Final = 3000
"""Updates that a schedule is followed for."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole run as it is meant.

    Attributes:
        updates: of the first optimizer; None where the number of epochs or of batches is not known.
        epochs: how many.
        boost: how many times as far as the recorded updates those of the whole run go, by their rates and by the
            momentum that the first ones have not gathered yet; infinite where rates rise and nothing says how far.
        travel: how far the recorded updates would carry the weights if the whole run went on like them in one
            direction, as a share of the size of the weights.
    """

    updates: int | None
    epochs: int | None
    boost: float
    travel: float


def planned(bench: Bench) -> Plan:
    """The plan of a program."""
    return bench.once(("plan",), lambda: _planned(bench))


def _planned(bench: Bench) -> Plan:
    steps = bench.recording.steps
    mine = [update for update in bench.recording.updates if update.optimizer == 0]
    length = _length(bench)
    epochs = bench.program.epochs
    updates = None if length is None or epochs is None else max(1, round(length * epochs * len(mine) / len(steps)))
    rates = [float(update.groups[0].get("lr", math.nan)) for update in mine]
    ratios = [ratio for update in mine if (ratio := _moved(update)) is not None]
    mean = sum(ratios) / len(ratios) if ratios else 0.0
    return Plan(
        updates=updates,
        epochs=epochs,
        boost=_boost(bench, rates, updates or LONGEST) * _gathering(bench, len(mine)),
        travel=mean * (updates or LONGEST),
    )


def first_length(bench: Bench) -> float:
    """The length of the first update as a share of that of the weights; infinite where it is no number."""
    updates = bench.recording.updates
    ratio = _moved(updates[0]) if updates else 0.0
    return math.inf if ratio is None else ratio


def _moved(update: Update) -> float | None:
    """The length of an update as a share of that of the weights it concerns.

    Over matrices, since biases begin at zero; and where there is a gradient: the rows of an embedding whose words are
    not in the batch say nothing of how far those that are have gone.
    """
    size = way = 0.0
    for name, before in update.before.items():
        gradient = update.gradients.get(name)
        if before.ndim > 1 and gradient is not None:
            concerned = gradient != 0
            size += float(before[concerned].double().pow(2).sum())
            way += float((update.after[name] - before)[concerned].double().pow(2).sum())
    return math.sqrt(way / size) if size and math.isfinite(way) else None


def _length(bench: Bench) -> int | None:
    try:
        return len(bench.made().train)  # type: ignore[arg-type]  # whoever has no length says so
    except TypeError:
        return None


def _boost(bench: Bench, rates: list[float], updates: int) -> float:
    if not rates or not all(map(math.isfinite, rates)):
        return 1.0
    mean = sum(rates) / len(rates)
    rising = rates[-1] > rates[0]
    followed = _followed(bench.made(), min(updates, LONGEST)) if rising else _ended(bench)
    if mean <= 0 or (rising and max(followed, default=0.0) <= rates[-1]):
        return math.inf
    return max(1.0, sum(followed) / len(followed) / mean) if followed else 1.0


def _gathering(bench: Bench, updates: int) -> float:
    """How many times as far plain momentum carries in the end as it does on average over the first updates."""
    kept = plain_momentum(bench)
    first = [1 - kept ** (at + 1) for at in range(updates)]
    return len(first) / sum(first) if first else 1.0


def _followed(made: Made, updates: int) -> list[float]:
    """The rates of the run, by the schedulers alone."""
    plain = [one for one in made.schedulers if isinstance(one, torch.optim.lr_scheduler.LRScheduler)]
    rates: list[float] = []
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")  # the order of optimizer and scheduler is of no matter here
        for _ in range(updates if plain else 0):
            rates.append(float(made.optimizers[0].param_groups[0]["lr"]))
            for scheduler in plain:
                scheduler.step()
    return rates


def _ended(bench: Bench) -> list[float]:
    """The rates of each epoch, by what the author does at its end."""
    program = bench.program
    rates: list[float] = []
    made = bench.made()
    if program.epoch_end is None or program.epochs is None or not made.optimizers:
        return rates
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore")
        for epoch in range(min(program.epochs, LONGEST)):
            rates.append(float(made.optimizers[0].param_groups[0]["lr"]))
            program.epoch_end(made.model, made.optimizer, epoch)
    return rates


def gradient_norms(bench: Bench) -> list[float]:
    """The norm of the gradient that each recorded backward gave; those that are no number left out."""
    norms = []
    for step in bench.recording.steps:
        for backward in step.backwards:
            squares = [float(g.double().pow(2).sum()) for g in backward.fresh.values() if g is not None]
            norms.append(math.sqrt(sum(squares)) if squares else 0.0)
    return [norm for norm in norms if not math.isnan(norm)]


def ordinary_norm(bench: Bench) -> float:
    """The norm of gradients before anything can have gone wrong: the median of the first three."""
    norms = gradient_norms(bench)[:3]
    return statistics.median(norms) if norms else 1.0
