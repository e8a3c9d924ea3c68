"""Curves of layers, a number each: what a measure was in the later half of the run, from the input to the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kilter.checks.curves.series import finite
from kilter.values.curve_names import LEARNING_RATE, TRAIN_LOSS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.history import History


class Layer(NamedTuple):
    """One layer's curve of one measure.

    Attributes:
        name: of the parameter or module.
        first: the first finite value.
        late: the median of the later half.
        values: all finite values, but those at which the learning rate was 0.
        lost: how many values were no finite numbers.
    """

    name: str
    first: float
    late: float
    values: NDArray[np.float64]
    lost: int


def layers(history: History, measure: str, *, fewest: int = 3, weights: bool = False) -> tuple[Layer, ...]:
    """The layers of a measure in the order of the log, which is that of the depth.

    Args:
        history: with curves such as `gradient/encoder.0.weight`.
        measure: what stands before the slash.
        fewest: measurements that a layer must have.
        weights: only parameters whose name says that they are weights.
    """
    begin = f"{measure}/"
    names = [name for name in history.names if name.startswith(begin)]
    if weights:
        names = [name for name in names if "weight" in name.rpartition(".")[2]]
    still = _steps_at_rest(history) if names else np.empty(0, np.int64)
    found = []
    for name in names:
        steps, values = finite(history, name)
        if len(still):
            values = values[~np.isin(steps, still)]
        if len(values) >= fewest:
            lost = len(history[name]) - len(steps)
            late = float(np.median(values[len(values) // 2 :]))
            found.append(Layer(name.removeprefix(begin), float(values[0]), late, values, lost))
    return tuple(found)


def unlearnt(history: History, *, share: float) -> bool:
    """Whether the training loss is still above this share of its start, or was not recorded."""
    _, losses = finite(history, TRAIN_LOSS)
    if len(losses) < 2:
        return True
    width = max(1, min(50, len(losses) // 10))
    start, end = float(np.median(losses[: min(5, width)])), float(np.median(losses[-width:]))
    return end > share * start if start > 0 else end >= start


def _steps_at_rest(history: History) -> NDArray[np.int64]:
    steps, rates = finite(history, LEARNING_RATE)
    return steps[rates == 0] if len(rates) and rates.any() else np.empty(0, np.int64)
