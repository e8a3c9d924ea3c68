"""From points as a log holds them, name by name, to a History whose curves go forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

Points = Sequence[tuple[int, float]]
"""Steps and values of one name, as they were written."""
Column = tuple["NDArray[np.int64]", "NDArray[np.float64]"]
"""The same in two arrays of one length."""

_AGAIN: Final = "begin again {times}; they are read as counts within an epoch and numbered on"
_UNNUMBERED: Final = "are all 0; the values are numbered in the order in which they were written"
_REWRITTEN: Final = "go back to what was written before; the later writing holds, as after a resume"
_SHUFFLED: Final = "are not in order; they are sorted"
_NAMES_SAID: Final = 3
_FEW_RESUMES, _RESUMES_SHARE = 3, 0.1
"""How often a run is resumed at most, or how often in a point; steps that go back more often come from many writers."""


def history_of(points: Mapping[str, Points]) -> tuple[History, tuple[str, ...]]:
    """A history of points by name, and a sentence for whatever had to be supposed to put them in order.

    Values that different names have at one step become one row. Steps that go back are taken for a counter within the
    epoch where each return is to the beginning, for a resumed run where steps are written a second time, and else for
    points that came late. Many values at step 0 alone are what a logger writes that was given no step.

    >>> history, notes = history_of({"loss": [(10, 3.0), (20, 2.0), (30, 9.0), (20, 2.0), (30, 1.0)]})
    >>> list(history.rows())
    [(10, {'loss': 3.0}), (20, {'loss': 2.0}), (30, {'loss': 1.0})]
    >>> notes
    ('The steps of loss go back to what was written before; the later writing holds, as after a resume.',)
    """
    return in_order(
        {
            name: (
                np.fromiter((step for step, _ in written), np.int64, len(written)),
                np.fromiter((value for _, value in written), np.float64, len(written)),
            )
            for name, written in points.items()
        }
    )


def in_order(columns: Mapping[str, Column]) -> tuple[History, tuple[str, ...]]:
    """What `history_of` does, of points that stand in arrays."""
    said: dict[str, list[str]] = {}
    curves: dict[str, Column] = {}
    for name, column in columns.items():
        if not len(column[0]):
            continue
        steps, values, note = _forward(*column)
        curves[name] = steps, values
        if note:
            said.setdefault(note, []).append(name)
    return _joined(curves), tuple(f"The steps of {_listed(names)} {note}." for note, names in said.items())


def _forward(
    steps: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], str]:
    if len(steps) > 1 and not steps.any():
        return np.arange(len(steps)), values, _UNNUMBERED
    falls = np.flatnonzero(np.diff(steps) < 0) + 1
    if not len(falls):
        return steps, values, ""
    strides = np.diff(steps)
    stride = int(np.median(strides[strides > 0])) if (strides > 0).any() else 1
    # Batches are rarely a multiple of what the logger waits for, so that a pass begins within its first stride.
    if (steps[falls] < steps[0] + stride).all():
        jumps = np.zeros_like(steps)
        jumps[falls] = steps[falls - 1] + stride - steps[falls]
        times = "once" if len(falls) == 1 else f"{len(falls)} times"
        return steps + np.cumsum(jumps), values, _AGAIN.format(times=times)
    few = len(falls) <= max(_FEW_RESUMES, len(steps) * _RESUMES_SHARE)
    kept = _last_writing(steps, falls) if few else np.ones(len(steps), np.bool_)
    note = _SHUFFLED if kept.all() else _REWRITTEN
    order = np.argsort(steps[kept], kind="stable")
    return steps[kept][order], values[kept][order], note


def _last_writing(steps: NDArray[np.int64], falls: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which points no later pass has written anew: none from where a pass begins that has a step of an earlier one."""
    passes = np.zeros(len(steps), np.int64)
    passes[falls] = 1
    passes = np.cumsum(passes)
    _, firsts, those = np.unique(steps, return_index=True, return_inverse=True)
    begins = np.append(steps[falls], np.iinfo(np.int64).max)  # of the passes behind each; behind the last is none
    rewrites = np.zeros(len(falls) + 1, np.bool_)
    rewrites[passes[passes[firsts[those]] < passes] - 1] = True
    begins[~rewrites] = np.iinfo(np.int64).max
    bounds = np.minimum.accumulate(begins[::-1])[::-1]
    return steps < bounds[passes]


def _joined(curves: Mapping[str, Column]) -> History:
    """Rows by step; a name's second value at one step stands in a row of its own."""
    if not curves:
        return History()
    steps = np.concatenate([at for at, _ in curves.values()])
    turns = np.concatenate([_turns(at) for at, _ in curves.values()])
    order = np.lexsort((turns, steps))
    new = np.concatenate([[True], (np.diff(steps[order]) != 0) | (np.diff(turns[order]) != 0)])
    rows = np.empty(len(steps), np.int64)
    rows[order] = np.cumsum(new) - 1
    borders = np.cumsum([len(at) for at, _ in curves.values()])[:-1]
    return History.of_columns(
        steps[order][new],
        {name: (at, curves[name][1]) for name, at in zip(curves, np.split(rows, borders), strict=True)},
    )


def _turns(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of sorted steps, how many equal ones stand before each."""
    firsts = np.concatenate([[True], np.diff(steps) != 0])
    places = np.arange(len(steps))
    return places - np.maximum.accumulate(np.where(firsts, places, 0))


def _listed(names: Sequence[str]) -> str:
    said = ", ".join(names[:_NAMES_SAID])
    return said if len(names) <= _NAMES_SAID else f"{said} and {len(names) - _NAMES_SAID} more"
