"""Weights that are judged apart from those that are trained: the one door for all that averages.

While judged weights stand in the model, the trained ones lie in the optimizer's state under `trained`. A checkpoint
written then has the judged weights as the model's, for whoever only wants the model, and beside them those from which
training goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from kilter.engine.schedule_free import TRAINED, ScheduleFreeAdamW

if TYPE_CHECKING:
    from torch.optim import Optimizer


@contextmanager
def judged(optimizer: Optimizer) -> Iterator[None]:
    """Inside, the model carries the weights that are to be judged; afterwards it is to the bit what it was.

    Nothing changes where an optimizer does not average, or where judged weights are in place already.
    """
    if not isinstance(optimizer, ScheduleFreeAdamW) or any(TRAINED in state for state in optimizer.state.values()):
        yield
        return
    with torch.no_grad():
        for parameter, average in optimizer.averages():
            optimizer.state[parameter][TRAINED] = parameter.clone()
            parameter.copy_(average)
    try:
        yield
    finally:
        go_on(optimizer)


@torch.no_grad()
def go_on(optimizer: Optimizer) -> None:
    """Put trained weights back in the place of judged ones, such as those of a checkpoint that was just loaded."""
    for parameter, state in optimizer.state.items():
        if TRAINED in state:
            parameter.copy_(state.pop(TRAINED))
