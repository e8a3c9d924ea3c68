"""A first guess at what files hold: splits, target, task, inputs; each with its reason and how to say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from kilter.data.kinds import guess_kind
from kilter.data.reading import read
from kilter.project.data_files import Files, find_files
from kilter.values.errors import DataError, UsageError
from kilter.values.frozen_map import FrozenMap
from kilter.values.table import Kind, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_NAMES: Final = ("label", "labels", "class", "target", "targets", "y", "outcome", "response")
AMOUNT_NAMES: Final = ("price", "value", "count", "salary", "income", "amount", "sales", "revenue", "cost", "demand")
OTHER_NAMES: Final = (
    "diagnosis",
    "species",
    "sentiment",
    "category",
    "quality",
    "rating",
    "score",
    "survived",
    "churn",
)
LABELS: Final = LABEL_NAMES[:5]  # those that say a class, whatever the values
SCALES: Final = (*AMOUNT_NAMES, "rating", "score", "quality", "age", "year")
ROW_NAMES: Final = ("id", "index", "uuid", "guid", "row", "instant", "key", "unnamed")
FEW: Final = 20  # distinct whole numbers up to which a target may be classes as well as an amount


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that was guessed, why, and what to write where the guess is wrong."""

    about: str
    taken: str
    why: str
    otherwise: str

    def __str__(self) -> str:
        return f"{self.about}: {self.taken}, since {self.why}. {self.otherwise}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the files seem to hold.

    Attributes:
        files: `train`, and `valid` and `test` where they were found.
        described: how each file was read.
        task: "classification" or "regression".
        target: the column to learn.
        inputs: column to kind.
        ignore: columns left out.
        reasons: for all of it.
    """

    files: Mapping[str, Path]
    described: Mapping[str, str]
    task: str
    target: str
    inputs: Mapping[str, Kind]
    ignore: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        for name in ("files", "described", "inputs"):
            object.__setattr__(self, name, FrozenMap(getattr(self, name)))

    def __str__(self) -> str:
        return "\n".join(str(reason) for reason in self.reasons)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<ul>{''.join(f'<li>{escape(str(reason))}</li>' for reason in self.reasons)}</ul>"


def guess(
    paths: str | Path | Iterable[str | Path],
    *,
    target: str | None = None,
    task: str | None = None,
    encoding: str | None = None,
) -> Guess:
    """Look at files (or a folder of them) and guess what to learn from them.

    Args:
        paths: one file; train, validation and test files; or a folder that holds them.
        target: the column to learn, where it is known.
        task: "classification" or "regression", where it is known.
        encoding: of text files, where it is not UTF-8.

    Raises:
        UsageError: files whose part nobody can tell, or a target that is not there.
        DataError: files that cannot be read, or that hold nothing to learn.
    """
    files = find_files(paths)
    readings = {split: read(path, encoding=encoding) for split, path in files.splits.items()}
    table = readings["train"].table
    if len(table.columns) < 2:
        raise DataError(
            f"{files.splits['train'].name} has one column, {next(iter(table.columns), '')!r}",
            legal="something to learn from and something to learn",
            remedy="add the missing column, or set the separator",
        )
    target, about_target = _target(table, target)
    task, about_task = _task(table.columns[target], target, task)
    ignore = _ignored(table, target)
    inputs = {
        name: guess_kind(column) for name, column in table.columns.items() if name != target and name not in ignore
    }
    if not inputs:
        raise DataError(
            f"beside the target {target!r} there is nothing to learn from",
            legal="; ".join(f"{name} {why}" for name, why in ignore.items()) or "one more column at least",
        )
    reasons = [_about_files(files), about_target, about_task, _about_inputs(inputs)]
    if ignore:
        why = "; ".join(f"{name} {reason}" for name, reason in ignore.items())
        otherwise = "Take a column out of `data.ignore`, and put it into `data.inputs`, to learn from it."
        reasons.append(Reason(about="left out", taken=", ".join(ignore), why=why, otherwise=otherwise))
    return Guess(
        files=files.splits,
        described={split: reading.described for split, reading in readings.items()},
        task=task,
        target=target,
        inputs=inputs,
        ignore=tuple(ignore),
        reasons=tuple(reasons),
    )


def _about_files(files: Files) -> Reason:
    taken = ", ".join(f"{split} {path.name}" for split, path in files.splits.items())
    missing = [split for split in ("valid", "test") if split not in files.splits]
    put_aside = f"; {' and '.join(missing)} will be put aside from train" if missing else ""
    return Reason(
        about="files",
        taken=taken + put_aside,
        why=files.why,
        otherwise="Name others under `data`, or set `data.split`.",
    )


def _about_inputs(inputs: Mapping[str, Kind]) -> Reason:
    kinds = [(kind, [name for name, held in inputs.items() if held is kind]) for kind in dict.fromkeys(inputs.values())]
    return Reason(
        about="inputs",
        taken="; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds),
        why="their values look so",
        otherwise="Set another kind under `data.inputs`, such as `--set data.inputs.zip=category`.",
    )


def _target(table: Table, said: str | None) -> tuple[str, Reason]:
    names = list(table.columns)
    otherwise = "Another one: `--set data.target=COLUMN`."
    if said is not None:
        if said not in names:
            raise UsageError(f"there is no column {said!r} to learn", legal=nearest(said, names))
        return said, Reason(about="target", taken=said, why="you said so", otherwise=otherwise)
    able = [name for name in names if _learnable(table.columns[name])]
    if not able:
        raise DataError("no column could be learnt", legal="one with classes or amounts, two different ones at least")
    name, why = _by_name(able) or (
        able[-1],
        f"no name says that it is learnt, and it is the last one of {len(able)} that could be",
    )
    return name, Reason(about="target", taken=name, why=why, otherwise=otherwise)


def _by_name(able: Sequence[str]) -> tuple[str, str] | None:
    """The column that is named like a target, the surest names first, and why."""
    for word in (*LABEL_NAMES, *OTHER_NAMES, *AMOUNT_NAMES):
        for name in able:
            if "".join(_words(name)) == word:
                return name, f"the name says so{_others(able, name)}"
    for word in (*LABEL_NAMES, *AMOUNT_NAMES):
        for name in able:
            if _words(name)[-1] == word:
                return name, f"its name ends in {word!r}{_others(able, name)}"
    return None


def _others(able: Sequence[str], taken: str) -> str:
    """What else is named as if it were learnt."""
    known = {*LABEL_NAMES, *AMOUNT_NAMES, *OTHER_NAMES}
    others = [name for name in able if name != taken and _words(name)[-1] in known]
    return f" (as would {', '.join(others)})" if others else ""


def _task(column: NDArray[np.generic], name: str, said: str | None) -> tuple[str, Reason]:
    known = {"classification": "regression", "regression": "classification"}
    if said is not None:
        if said not in known:
            raise UsageError(f"task = {said!r}", legal=nearest(said, known))
        return said, Reason(about="task", taken=said, why="you said so", otherwise=f"Else: `--set task={known[said]}`.")
    taken, why = _classes_or_amounts(column, name)
    return taken, Reason(about="task", taken=taken, why=why, otherwise=f"Else: `--set task={known[taken]}`.")


def _classes_or_amounts(column: NDArray[Any], name: str) -> tuple[str, str]:
    if column.dtype.kind not in "biuf":
        words = {value for value in column.tolist() if value is not None}
        return "classification", f"{name} holds {len(words)} different words"
    present = column[np.isfinite(column)]
    distinct = np.unique(present)
    span = f"{len(distinct)} different numbers from {distinct[0]:g} to {distinct[-1]:g}"
    if not np.array_equal(distinct, np.round(distinct)):
        return "regression", f"{name} holds fractions, {span}"
    if len(distinct) == 2:
        return "classification", f"{name} holds two values only, {distinct[0]:g} and {distinct[1]:g}"
    return _of_whole_numbers(distinct, len(present), name, span)


def _of_whole_numbers(distinct: NDArray[Any], rows: int, name: str, span: str) -> tuple[str, str]:
    """Whole numbers may be either; the name and their number decide, and both ways are said."""
    word = _words(name)[-1]
    either = "whole numbers may be classes or amounts"
    if len(distinct) > FEW:
        no_gap = len(distinct) == distinct[-1] - distinct[0] + 1 and rows >= 10 * len(distinct)
        if word in LABELS and no_gap:
            return "classification", f"{name} holds {span} without a gap; {either}, and the name says a label"
        return "regression", f"{name} holds whole numbers, {span}"
    if word in SCALES:
        return "regression", f"{name} holds {span}; few {either}, and the name says an amount"
    return "classification", f"{name} holds {span}; few {either}, and the name does not say an amount"


def _ignored(table: Table, target: str) -> dict[str, str]:
    """Columns that should not be learnt from, and why."""
    ignored: dict[str, str] = {}
    for name, column in table.columns.items():
        if name == target or column.ndim > 1:
            continue
        words = _words(name)
        distinct = len(set(column.tolist()))
        if distinct == 1:
            ignored[name] = "is the same in every row"
        elif distinct == len(table) and (words[0] in ROW_NAMES or words[-1] in ROW_NAMES or name == ""):
            ignored[name] = "numbers the rows"
    labels = [name for name, column in table.columns.items() if _words(name)[-1] in LABELS and _learnable(column)]
    if set(table.columns) - {target, *ignored, *labels}:  # else it is all that there is to learn from
        reason = "is named like another label, and would give the target away"
        ignored |= {name: reason for name in labels if name != target and name not in ignored}
    return ignored


def _learnable(column: NDArray[Any]) -> bool:
    """Whether a column could be a target: classes that come back, or numbers."""
    if column.ndim > 1:
        return False
    kind = guess_kind(column)
    if kind in {Kind.TEXT, Kind.TOKENS}:
        return False
    present = [value for value in column.tolist() if value is not None and value == value]  # noqa: PLR0124 - NaN
    return len(set(present)) > 1


def _words(name: str) -> list[str]:
    """The words of a column's name, small: `medianHouse_value` has three."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", parted) if word] or [""]
