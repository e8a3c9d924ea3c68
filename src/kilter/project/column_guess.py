"""A guess at what is learnt from: the kinds of columns, and those that should be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kilter.data.kinds import guess_kind
from kilter.data.moments import is_date
from kilter.project.column_names import LABELS, ROW_NAMES, TARGET_NAMES, is_like, words_of
from kilter.project.reason import Reason
from kilter.project.target_guess import Target, is_written, partner
from kilter.values.table import Kind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = 200  # cells by which a column of dates is told


def find_inputs(table: Table, target: Target) -> tuple[dict[str, Kind], dict[str, str]]:
    """Columns to learn from with their kinds, and columns to leave out with the reason.

    Args:
        table: the training rows.
        target: what is learnt.
    """
    if len(target.names) == 1:
        (name,) = target.names
        if words := partner(table, name):
            others = [other for other in table.columns if other not in {name, words}]
            return {words: Kind.TOKENS}, dict.fromkeys(others, f"is no word, and {name} is told from the words alone")
        if is_written(table.columns[name]):
            return _of_written(table, name)
    ignored = _ignored(table, target.names)
    inputs = {
        name: guess_kind(column)
        for name, column in table.columns.items()
        if name not in target.names and name not in ignored
    }
    return inputs, ignored


def about_inputs(inputs: Mapping[str, Kind]) -> Reason:
    """Why columns are taken for what they are taken for."""
    kinds = [(kind, [name for name, held in inputs.items() if held is kind]) for kind in dict.fromkeys(inputs.values())]
    return Reason(
        about="inputs",
        taken="; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds),
        why="their values look so",
        otherwise="Set another kind under `data.inputs`, such as `--set data.inputs.zip=category`.",
    )


def about_ignored(ignored: Mapping[str, str]) -> Reason:
    """Why columns are left out."""
    return Reason(
        about="left out",
        taken=", ".join(ignored),
        why="; ".join(f"{name} {reason}" for name, reason in ignored.items()),
        otherwise="Take a column out of `data.ignore`, and put it into `data.inputs`, to learn from it.",
    )


def about_time(table: Table) -> Reason | None:
    """That rows could be split by their date, where a column holds one."""
    dated = [name for name, column in table.columns.items() if _holds_dates(column)]
    if not dated:
        return None
    return Reason(
        about="split",
        taken="whatever their dates",
        why=f"nobody knows whether the model will be asked of later rows, and {', '.join(dated)} holds dates",
        otherwise="To test on the latest rows: `--set data.split.by=temporal --set data.split.column="
        + dated[0]
        + "`.",
    )


def _of_written(table: Table, name: str) -> tuple[dict[str, Kind], dict[str, str]]:
    """A text is written from the other texts, or goes on from itself."""
    texts = [other for other, column in table.columns.items() if other != name and is_written(column)]
    inputs = dict.fromkeys(texts or [name], Kind.TEXT)
    others = [other for other in table.columns if other not in {name, *inputs}]
    return inputs, dict.fromkeys(others, f"is no text, and {name} is written from texts")


def _ignored(table: Table, targets: tuple[str, ...]) -> dict[str, str]:
    """Columns that should not be learnt from, and why."""
    ignored: dict[str, str] = {}
    others = {name: column for name, column in table.columns.items() if name not in targets}
    for name, column in others.items():
        if column.ndim > 1:
            continue
        words = words_of(name)
        values = {None if value != value else value for value in column.tolist()}  # noqa: PLR0124 - not a number
        if values <= {None}:
            ignored[name] = "holds no value"
        elif len(values) == 1:
            ignored[name] = "is the same in every row"
        elif len(values) == len(table) and (words[0] in ROW_NAMES or words[-1] in ROW_NAMES or name == ""):
            ignored[name] = "numbers the rows"
    left = {name: column for name, column in others.items() if name not in ignored}
    labels = [name for name, column in left.items() if words_of(name)[-1] in LABELS and not is_written(column)]
    if len(labels) < len(left):  # else it is all that there is to learn from
        ignored |= dict.fromkeys(labels, "is named like another label, and would give the target away")
    if any(is_written(column) for column in left.values()):
        more = [name for name, column in left.items() if name not in ignored and _is_another_target(name, column)]
        reason = "is named like another target, and beside a text it would give this one away"
        ignored |= dict.fromkeys(more, reason)
    return ignored


def _is_another_target(name: str, column: NDArray[Any]) -> bool:
    return column.ndim == 1 and not is_written(column) and is_like(name, TARGET_NAMES)


def _holds_dates(column: NDArray[Any]) -> bool:
    if column.ndim > 1 or column.dtype.kind != "O":
        return False
    present = [value for value in column[:SAMPLE].tolist() if value is not None]
    return bool(present) and sum(map(is_date, present)) >= 0.9 * len(present)
