"""A log as it was written becomes one whose curves bear kilter's names and go by optimizer steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.logs.column_words import STEPS, meaning
from kilter.logs.columns import recognise
from kilter.logs.points import in_order
from kilter.values.curve_names import EPOCH
from kilter.values.errors import UsageError
from kilter.values.history import History
from kilter.values.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = tuple[NDArray[np.int64], NDArray[np.float64]]

_BY_EPOCH: Final = "No column counts steps: a step here is an epoch."
_BY_ROW: Final = "No column counts steps: rows are numbered from 1."


def named(log: Log, chosen: Mapping[str, str] | None = None, *, numbered: bool = False) -> Log:
    """The same log with its curves under the names of `values/curve_names.py`, as far as they are recognised.

    >>> history = History.of([(1, {"epoch": 0, "loss": 2.0}), (2, {"epoch": 1, "loss": 1.5})])
    >>> named(Log(name="run", history=history), numbered=True).history["train.loss"].steps.tolist()
    [0, 1]

    Args:
        log: with the names that its writer gave.
        chosen: of curves, the columns that somebody wants for them, as `columns.chosen_columns` gives them.
        numbered: whether the steps of the log are no more than the numbers of its rows.

    Raises:
        UsageError: a column that was chosen for the steps cannot count them.
    """
    columns = {name: (log.history.rows_of(name), log.history[name].values) for name in log.history}
    unfit = {name for name, column in columns.items() if meaning(name).quantity == STEPS and not _counts(column[1])}
    wanted = (chosen or {}).get(STEPS)
    if wanted in unfit or (wanted in columns and not _counts(columns[wanted][1])):
        raise UsageError(
            f"{wanted!r} was chosen for the steps",
            legal="steps are whole numbers that are not all the same",
            remedy="choose another column, or none: rows are then numbered",
        )
    found = recognise({name: len(rows) for name, (rows, _) in columns.items() if name not in unfit}, chosen)
    curves = {found.curves.get(name, name): column for name, column in columns.items() if name != found.steps}
    steps, notes = _steps(log, columns.get(found.steps), curves.get(EPOCH), curves, numbered=numbered)
    if found.steps or numbered:
        steps, said = _numbered_on(steps, curves)
        history, more = in_order({name: (steps[rows], values) for name, (rows, values) in curves.items()})
        notes = (*notes, *said, *more)
    else:
        history = History.of_columns(steps, curves)
    return Log(name=log.name, history=history, taken=found.taken, notes=(*log.notes, *found.notes, *notes))


def _steps(
    log: Log, counter: Column | None, epochs: Column | None, curves: Mapping[str, Column], *, numbered: bool
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The step of each row, and what had to be supposed."""
    count = len(log.history)
    if counter is not None:
        return _held(counter, count), ()
    steps = np.zeros(count, np.int64)
    for name in log.history:
        steps[log.history.rows_of(name)] = log.history[name].steps
    if not numbered:
        return steps, ()
    if epochs is not None and _counts(epochs[1]):
        by_epoch = _held(epochs, count)
        if all((np.diff(by_epoch[rows]) > 0).all() for rows, _ in curves.values()):
            return by_epoch, (_BY_EPOCH,)
    return steps, (_BY_ROW,)


def _held(column: Column, count: int) -> NDArray[np.int64]:
    """A counter for each of so many rows: where a row has none, that of the last row before it."""
    rows, values = column
    at = np.searchsorted(rows, np.arange(count), side="right") - 1
    held: NDArray[np.int64] = values[np.maximum(at, 0)].astype(np.int64)
    return held


def _counts(values: NDArray[np.float64]) -> bool:
    """Whether numbers can be steps: whole, none negative, and not one number again and again."""
    whole = np.isfinite(values).all() and (values >= 0).all() and (values == np.floor(values)).all()
    return bool(whole) and (len(values) < 2 or bool((values != values[0]).any()))


def _numbered_on(steps: NDArray[np.int64], curves: Mapping[str, Column]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Steps that begin anew in each epoch, numbered on over the whole run; others as they are.

    It is judged by the rows, so that an evaluation at an epoch's end, always at the same step, goes along.
    """
    if all((np.diff(steps[rows]) >= 0).all() for rows, _ in curves.values()):
        return steps, ()
    strides = np.diff(steps)
    falls = np.flatnonzero(strides < 0) + 1
    stride = int(np.median(strides[strides > 0])) if (strides > 0).any() else 1
    # A pass begins within the first stride of its logger.
    if (steps[falls] >= steps[0] + stride).any():
        return steps, ()
    jumps = np.zeros_like(steps)
    jumps[falls] = steps[falls - 1] + stride - steps[falls]
    said = f"The steps begin anew {len(falls):,} times: they are read as a count within an epoch and numbered on."
    return steps + np.cumsum(jumps), (said,)
