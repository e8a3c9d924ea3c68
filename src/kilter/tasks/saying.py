"""Answers for rows without a target: what is decided of them, as plain data that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kilter.metrics.tags import spans
from kilter.tasks.classification import Classification
from kilter.tasks.multilabel import MultiLabel
from kilter.tasks.multitask import MultiTask
from kilter.tasks.quantiles import Quantiles
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.tasks.tagging import Tagging

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.task import Task


class Said(NamedTuple):
    """An answer as a person reads it.

    Attributes:
        decided: a class, an amount, a list of labels or tags, or one of these by column.
        probabilities: of the classes, or of the labels; by column where there are several tasks, empty where there are
            none.
        more: what else is known of the answer, by name.
        between: what parts a list that stands in one cell.
    """

    decided: object
    probabilities: Mapping[str, Any] = MappingProxyType({})
    more: Mapping[str, Any] = MappingProxyType({})
    between: str = " "


def decide(
    task: Task, ids: Sequence[str], answers: Sequence[object], *, lengths: Sequence[int] | None = None
) -> NDArray[np.generic]:
    """What a task decides of answers whose truth nobody knows.

    Zeros stand in for it: no decision depends on the truth.

    Args:
        task: whose answers they are.
        ids: names of the rows.
        answers: as the task decoded them.
        lengths: places of each row, where answers are sequences; what was cut off is answered, too.
    """
    return task.tabulate(ids, _unknown(task, len(ids), lengths), answers).decided


def say(task: Task, decided: Any, answer: Any) -> Said:
    """A decision and its answer as plain data."""
    match task:
        case MultiTask():
            return _together(task, np.asarray(decided), np.asarray(answer))
        case MultiLabel():
            there = [label for label, given in zip(task.labels, decided, strict=True) if given]
            return Said(there, _shares(task, answer), between="|")
        case SeveralAmounts():
            return Said(dict(zip(task.columns, map(float, decided), strict=True)))
        case Quantiles():
            return Said(float(decided), more={"quantiles": _by_level(task, answer)})
        case Tagging():
            tags = [task.labels[number] for number in decided]
            found = [{"type": span.type, "start": span.start, "end": span.end} for span in spans(tags)]
            return Said(tags, more={"spans": found})
    return Said(task.name_of(decided), _shares(task, answer)) if task.labels else Said(float(decided))


def _unknown(task: Task, rows: int, lengths: Sequence[int] | None) -> NDArray[np.generic]:
    match task:
        case MultiTask():
            return np.zeros((rows, len(task.tasks)))
        case SeveralAmounts():
            return np.zeros((rows, len(task.columns)))
        case MultiLabel() | Classification(soft=True):
            return np.zeros((rows, len(task.labels)))
        case Tagging():
            places = (np.zeros(length, dtype=np.int64) for length in lengths or [0] * rows)
            return np.fromiter(places, dtype=object, count=rows)
    return np.zeros(rows)


def _together(task: MultiTask, decided: NDArray[Any], answer: NDArray[Any]) -> Said:
    said = {
        part.name: say(
            part.task,
            int(decided[part.at]) if part.task.labels else float(decided[part.at]),
            answer[part.answers] if part.task.labels else answer[part.answers][0],
        )
        for part in task.parts()
    }
    shares = {name: dict(own.probabilities) for name, own in said.items() if own.probabilities}
    return Said({name: own.decided for name, own in said.items()}, shares)


def _by_level(task: Quantiles, answer: Any) -> Mapping[str, float]:
    return {f"{level:g}": amount for level, amount in zip(task.levels, map(float, answer), strict=True)}


def _shares(task: Task, answer: Any) -> Mapping[str, float]:
    return dict(zip(task.labels, map(float, answer), strict=True))
