"""What a plateau schedule multiplies the rate with, as a pure function of what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kilter.training.stopping import improvements
from kilter.values.errors import Fault
from kilter.values.schedule import Plateau

if TYPE_CHECKING:
    from kilter.values.history import History
    from kilter.values.recipe import Schedule, Stop


def plateau_scale(history: History, schedule: Schedule) -> float:
    """The product of `factor`s so far: one each time that the metric has not improved in `patience` evaluations.

    Counting begins again after each, from the best value so far. 1 for every other schedule. Evaluations that are not a
    number improve nothing.

    >>> from kilter.values.history import History
    >>> history = History().extend([1, 2, 3, 4], {"valid.loss": [2.0, 1.0, 1.2, 1.1]})
    >>> plateau_scale(history, Plateau(patience=2, factor=0.5))
    0.5
    """
    if not isinstance(schedule, Plateau):
        return 1.0
    scale, since = 1.0, 0
    for _, better in improvements(history, schedule):
        since = 0 if better else since + 1
        if since >= schedule.patience:
            scale, since = max(schedule.floor, scale * schedule.factor), 0
    return scale


def plateau_faults(schedule: Schedule, *, evaluated: bool) -> Iterator[Fault]:
    """What of a plateau schedule cannot take effect; `evaluated` tells whether there is a validation split."""
    if not isinstance(schedule, Plateau):
        return
    if not evaluated:
        yield Fault(
            met="schedule.name = 'plateau' without a validation split",
            legal="evaluations decide on when the rate is lowered",
            remedy="put rows aside in a split `valid`, or use another schedule",
        )
    if not schedule.metric.startswith("valid."):
        yield Fault(
            met=f"schedule.metric = {schedule.metric!r}",
            legal="'valid.loss', or 'valid.' and a score of the task",
            remedy="name what evaluations measure",
        )


def patience_faults(schedule: Schedule, stop: Stop) -> Iterator[Fault]:
    """Whether early stopping ends the run each time before the rate can be lowered."""
    if not isinstance(schedule, Plateau) or stop.patience is None or stop.patience > schedule.patience:
        return
    if all(getattr(schedule, name) == getattr(stop, name) for name in ("metric", "mode", "minimum_difference")):
        yield Fault(
            met=f"schedule.patience = {schedule.patience} with stop.patience = {stop.patience}",
            legal=f"the run would stop before a plateau of {stop.metric} has lowered its rate",
            remedy=f"set stop.patience to {2 * schedule.patience} or more, or schedule.patience lower",
        )
