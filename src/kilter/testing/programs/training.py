"""Whether a training learns what its entry says, and a fault costs what its entry says."""

from __future__ import annotations

import math
from typing import Final

from kilter.engine.programs import make, train_step
from kilter.testing.programs.entries import Faulty, Training
from kilter.values.program import Program


def final_metric(program: Program, seed: int = 0) -> float:
    """The metric after the program's own training; not-a-number where it reports none."""
    made = make(program, seed)
    metric = math.nan
    for epoch in range(program.epochs or 1):
        made.model.train()
        for batch in made.train:
            train_step(program, made, batch)
        if program.validate is not None and made.valid is not None:
            metric = float(program.validate(made.model, made.loss_fn, made.valid)[1])
        if program.epoch_end is not None:
            program.epoch_end(made.model, made.optimizer, epoch)
    return metric


SLACK: Final = 0.03
"""What another seed, or the rounding of another processor, may move a metric by."""


def learns(training: Training, *, seed: int = 0) -> None:
    """The metric that the entry promises is reached.

    Raises:
        AssertionError: it is not.
    """
    metric = final_metric(training.program, seed)
    if training.reaches is None:
        assert math.isnan(metric), f"{training.name} reports {metric:.3f}, and its entry says that it reports nothing"
    else:
        above = metric - training.reaches
        allowed = -SLACK * max(1.0, abs(training.reaches))
        assert (above if training.program.higher_is_better else -above) >= allowed, (
            f"{training.name} ends with {metric:.3f}; its entry promises {training.reaches}"
        )


def hurts(fault: Faulty, *, seed: int = 0) -> None:
    """The metric falls short of the twin's by half of what the entry says, at least; else the entry says what breaks.

    Raises:
        AssertionError: it does not.
    """
    if not fault.costs:
        assert fault.breaks, f"{fault.name} says neither what it costs nor what it breaks"
        assert math.isfinite(final_metric(fault.twin, seed))
        return
    own, other = final_metric(fault.program, seed), final_metric(fault.twin, seed)
    lost = other - own if fault.twin.higher_is_better else own - other
    assert math.isnan(own) or lost >= fault.costs / 2, f"{fault.name} ends with {own:.3f}, its twin with {other:.3f}"
