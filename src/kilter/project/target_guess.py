"""A guess at what is learnt: the column, or columns, and the kind of task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final, get_args

import numpy as np

from kilter.data.faults import counted
from kilter.data.kinds import LABEL_SEPARATORS, guess_kind
from kilter.project.column_names import (
    AMOUNT_NAMES,
    ANSWER_NAMES,
    LABEL_NAMES,
    LABELS,
    LIST_NAMES,
    OTHER_NAMES,
    SCALES,
    TAG_NAMES,
    TARGET_NAMES,
    is_like,
    words_of,
)
from kilter.project.reason import Reason
from kilter.project.schema import ProjectFile
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Kind, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

TASKS: Final[tuple[str, ...]] = get_args(ProjectFile.model_fields["task"].annotation)
FEW: Final = 20  # distinct whole numbers up to which a target may be classes as well as an amount
SENTENCE: Final = 3.0  # mean words from which a text is written rather than chosen
OPEN: Final = "Another one: `--set task=NAME`."


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is learnt: columns, task, and the reasons for both."""

    names: tuple[str, ...]
    task: str
    about_target: Reason
    about_task: Reason


def find_target(table: Table, *, said: tuple[str, ...], task: str | None) -> Target:
    """What a table's rows are probably there to teach.

    Args:
        table: the training rows.
        said: the columns to learn, where they are known.
        task: its name, where it is known.

    Raises:
        UsageError: there is no such column or task.
        DataError: nothing could be learnt.
    """
    if task is not None and task not in TASKS:
        raise UsageError(f"task = {task!r}", legal=nearest(task, TASKS))
    said = _parted(table, said)
    for name in said:
        if name not in table.columns:
            raise UsageError(f"there is no column {name!r} to learn", legal=nearest(name, table.columns))
    names, why = (said, "you said so") if said else _found(table, task)
    about_target = Reason(
        about="target", taken=", ".join(names), why=why, otherwise="Another one: `--set data.target=COLUMN`."
    )
    if task is None:
        task, why, otherwise = _task_of(table, names)
    else:
        why, otherwise = "you said so", _otherwise(task)
    about_task = Reason(about="task", taken=task, why=why, otherwise=otherwise)
    return Target(names=names, task=task, about_target=about_target, about_task=about_task)


def _parted(table: Table, said: tuple[str, ...]) -> tuple[str, ...]:
    """`a,b` as two columns, where none has that name."""
    if len(said) != 1 or said[0] in table.columns:
        return said
    parts = tuple(part.strip() for part in said[0].split(","))
    return parts if all(part in table.columns for part in parts) else said


def partner(table: Table, name: str) -> str | None:
    """The column of words that a column of tags goes with, one tag a word in every row."""
    if not _holds_lists(table.columns[name]):
        return None
    aligned = [
        other
        for other, column in table.columns.items()
        if other != name and _holds_lists(column) and _lengths(column) == _lengths(table.columns[name])
    ]
    return max(aligned, key=lambda other: _variety(table.columns[other]), default=None)


def is_written(column: NDArray[Any]) -> bool:
    """Whether a column holds sentences, which are written, rather than names, which are chosen."""
    if column.ndim > 1 or column.dtype.kind != "O" or _holds_lists(column):
        return False
    present = [value for value in column.tolist() if value is not None]
    return bool(present) and sum(len(value.split()) for value in present) >= SENTENCE * len(present)


def _found(table: Table, task: str | None) -> tuple[tuple[str, ...], str]:
    """The column that is probably learnt, and why; of those that the task can learn, where it is known."""
    ways = _WAYS if task is None else _WAYS_OF.get(task, _WAYS)
    for way in ways:
        found = way(table)
        if found is not None:
            return (found[0],), found[1]
    raise DataError("no column could be learnt", legal="one with classes or amounts, two different ones at least")


def _tags(table: Table) -> tuple[str, str] | None:
    """A column with one tag for each word of another one."""
    lists = [name for name, column in table.columns.items() if _holds_lists(column) and partner(table, name)]
    if not lists:
        return None
    named = [name for word in TAG_NAMES for name in lists if name.lower() == word]
    name = named[0] if named else min(lists, key=lambda name: _variety(table.columns[name]))
    words = partner(table, name)
    return name, f"it has one tag for each word of {words} in every row"


def _several_labels(table: Table) -> tuple[str, str] | None:
    """A column that holds several classes a row: a list, or words with a sign between them."""
    for name, column in table.columns.items():
        if _holds_lists(column) and len(table.columns) > 1 and _come_back(column):
            return name, "it holds a list of labels in each row"
    for name, column in table.columns.items():
        if is_like(name, LIST_NAMES) and (sign := _sign(column)):
            return name, f"its name says several labels, and {sign!r} stands between them"
    return None


def _classes_or_numbers(table: Table) -> tuple[str, str] | None:
    """A column of classes or numbers: by its name, or the last one."""
    able = [name for name, column in table.columns.items() if _learnable(column)]
    named = [name for name in table.columns if "".join(words_of(name)) in LABEL_NAMES and name not in able]
    if not _by_name(able) and named:
        _refuse_constant(table.columns[named[0]], named[0])
    return _by_name_or_last(able)


def _refuse_constant(column: NDArray[Any], name: str) -> None:
    """Raise where a column that is named like a target has one value, or none."""
    distinct = {None if value != value else value for value in column.tolist()} if column.ndim == 1 else ()  # noqa: PLR0124
    if len(distinct) == 1:
        (value,) = distinct
        met = "no value at all" if value is None else f"one value only, {value!r}"
        raise DataError(
            f"column {name!r} is named like what is learnt, and holds {met} in {counted(len(column), 'row')}",
            legal="two classes or amounts at least: else there is nothing to learn",
            remedy="read rows of the other classes, too, or name another column: `--set data.target=COLUMN`",
        )


def _numbers(table: Table) -> tuple[str, str] | None:
    """A column of numbers: by its name, or the last one."""
    return _by_name_or_last(
        [name for name, column in table.columns.items() if _learnable(column) and guess_kind(column) is Kind.NUMBER]
    )


def _by_name_or_last(able: Sequence[str]) -> tuple[str, str] | None:
    if not able:
        return None
    last = f"no name says that it is learnt, and it is the last one of {len(able)} that could be"
    return _by_name(able) or (able[-1], last)


def _written(table: Table) -> tuple[str, str] | None:
    """A text that is written: named like an answer, or the last one of several, or the only one."""
    texts = [name for name, column in table.columns.items() if is_written(column)]
    if not texts:
        return None
    if len(texts) == 1:
        return texts[0], "it is the only text, and nothing else could be learnt: what comes next in it"
    for word in ANSWER_NAMES:
        for name in texts:
            if words_of(name)[-1] == word:
                return name, "its name says that it is written from the other text"
    return texts[-1], f"nothing but texts could be learnt, and it is the last one of {len(texts)}"


Way = Callable[[Table], tuple[str, str] | None]

_WAYS: Final[tuple[Way, ...]] = (_tags, _several_labels, _classes_or_numbers, _written)
"""How a target is looked for, the surest first."""

_WAYS_OF: Final[Mapping[str, tuple[Way, ...]]] = {
    "classification": (_classes_or_numbers,),
    "regression": (_numbers,),
    "multilabel": (_several_labels, _classes_or_numbers),
    "tagging": (_tags,),
    "generation": (_written,),
    "contrastive": (_written,),
}


def _by_name(able: Sequence[str]) -> tuple[str, str] | None:
    """The column that is named like a target, the surest names first, and why."""
    for word in (*LABEL_NAMES, *OTHER_NAMES, *AMOUNT_NAMES):
        for name in able:
            if "".join(words_of(name)) == word:
                return name, f"the name says so{_others(able, name)}"
    for word in (*LABEL_NAMES, *AMOUNT_NAMES):
        for name in able:
            if words_of(name)[-1] == word:
                return name, f"its name ends in {word!r}{_others(able, name)}"
    return None


def _others(able: Sequence[str], taken: str) -> str:
    """What else is named as if it were learnt."""
    others = [name for name in able if name != taken and words_of(name)[-1] in TARGET_NAMES]
    return f" (as would {', '.join(others)})" if others else ""


def _task_of(table: Table, names: Sequence[str]) -> tuple[str, str, str]:
    """The task that these columns are probably for, why, and what to say otherwise."""
    if len(names) > 1:
        task, why = _of_several([table.columns[name] for name in names])
        return task, why, OPEN
    (name,) = names
    column = table.columns[name]
    if words := partner(table, name):
        return "tagging", f"{name} has one tag for each word of {words}", OPEN
    if _holds_lists(column) or (is_like(name, LIST_NAMES) and _sign(column)):
        return "multilabel", f"{name} holds several labels a row", OPEN
    if is_written(column):
        others = [other for other, each in table.columns.items() if other != name and is_written(each)]
        if not others:
            return "generation", f"{name} is a text, and the model goes on with it", OPEN
        why = f"{name} is a text beside {', '.join(others)}"
        return "generation", why, "Where the texts only belong together: `--set task=contrastive`."
    task, why = _classes_or_amounts(column, name)
    return task, why, _otherwise(task)


def _of_several(columns: Sequence[NDArray[Any]]) -> tuple[str, str]:
    if any(guess_kind(column) is not Kind.NUMBER for column in columns):
        return "multitask", "some of these columns hold words: each is a task of its own"
    present = [column[np.isfinite(column)] for column in columns]
    if all(np.isin(column, (0, 1)).all() for column in present):
        return "multilabel", "each of these columns holds 0 or 1"
    return "regression", "all of these columns hold numbers"


def _otherwise(task: str) -> str:
    other = {"classification": "regression", "regression": "classification"}.get(task)
    return OPEN if other is None else f"Else: `--set task={other}`."


def _classes_or_amounts(column: NDArray[Any], name: str) -> tuple[str, str]:
    if column.dtype.kind not in "biuf":
        words = {value for value in column.tolist() if value is not None}
        return "classification", f"{name} holds {len(words)} different words"
    present = column[np.isfinite(column)]
    distinct = np.unique(present)
    if not len(distinct):
        return "regression", f"{name} holds no number at all"
    span = f"{len(distinct)} different numbers from {distinct[0]:g} to {distinct[-1]:g}"
    if not np.array_equal(distinct, np.round(distinct)):
        return "regression", f"{name} holds fractions, {span}"
    if len(distinct) == 2:
        return "classification", f"{name} holds two values only, {distinct[0]:g} and {distinct[1]:g}"
    return _of_whole_numbers(distinct, len(present), name, span)


def _of_whole_numbers(distinct: NDArray[Any], rows: int, name: str, span: str) -> tuple[str, str]:
    """Whole numbers may be either; the name and their number decide, and both ways are said."""
    word = words_of(name)[-1]
    either = "whole numbers may be classes or amounts"
    if len(distinct) > FEW:
        no_gap = len(distinct) == distinct[-1] - distinct[0] + 1 and rows >= 10 * len(distinct)
        if word in LABELS and no_gap:
            return "classification", f"{name} holds {span} without a gap; {either}, and the name says a label"
        return "regression", f"{name} holds whole numbers, {span}"
    if word in SCALES:
        return "regression", f"{name} holds {span}; few {either}, and the name says an amount"
    return "classification", f"{name} holds {span}; few {either}, and the name does not say an amount"


def _learnable(column: NDArray[Any]) -> bool:
    """Whether a column could be a target: classes that come back, or numbers."""
    if column.ndim > 1 or guess_kind(column) in {Kind.TEXT, Kind.TOKENS}:
        return False
    present = [value for value in column.tolist() if value is not None and value == value]  # noqa: PLR0124 - NaN
    return len(set(present)) > 1


def _holds_lists(column: NDArray[Any]) -> bool:
    return column.ndim == 1 and column.dtype.kind == "O" and guess_kind(column) is Kind.TOKENS


def _lengths(column: NDArray[Any]) -> list[int]:
    return [0 if value is None else len(value) for value in column.tolist()]


def _variety(column: NDArray[Any]) -> int:
    return len({word for value in column.tolist() if value is not None for word in value})


def _come_back(column: NDArray[Any]) -> bool:
    """Whether the words of a column of lists stand in several rows each, as labels do."""
    total = sum(_lengths(column))
    return 0 < 2 * _variety(column) <= total


def _sign(column: NDArray[Any]) -> str | None:
    """The sign between several labels in one cell, if a tenth of the cells have it."""
    if column.ndim > 1 or column.dtype.kind != "O" or _holds_lists(column):
        return None
    present = [value for value in column.tolist() if value is not None]
    return next(
        (sign for sign in LABEL_SEPARATORS if sum(sign in value for value in present) * 10 > len(present)), None
    )
