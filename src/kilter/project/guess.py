"""A first guess at what files hold: splits, target, task, inputs; each with its reason and how to say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from kilter.data.reading import DECIDES, Reading, ending_of, read
from kilter.project.column_guess import about_ignored, about_inputs, about_time, find_inputs
from kilter.project.data_files import Files, find_files
from kilter.project.reason import Reason
from kilter.project.target_guess import Target, find_target, is_written
from kilter.values.errors import DataError
from kilter.values.frozen_map import FrozenMap

if TYPE_CHECKING:
    from kilter.values.table import Kind, Table


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What the files seem to hold.

    Attributes:
        files: `train`, and `valid` and `test` where they were found.
        described: how each file was read.
        notes: what was noticed while they were read, with the file's name.
        task: its name, such as "classification".
        target: the columns to learn, mostly one.
        inputs: column to kind.
        ignore: columns left out.
        reasons: for all of it.
    """

    files: Mapping[str, Path]
    described: Mapping[str, str]
    notes: tuple[str, ...]
    task: str
    target: tuple[str, ...]
    inputs: Mapping[str, Kind]
    ignore: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        for name in ("files", "described", "inputs"):
            object.__setattr__(self, name, FrozenMap(getattr(self, name)))

    def __str__(self) -> str:
        return "\n".join([*(str(reason) for reason in self.reasons), *(f"noted: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        from html import escape

        return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in str(self).splitlines())}</ul>"


def guess(
    paths: str | Path | Iterable[str | Path],
    *,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
) -> Guess:
    """Look at files (or a folder of them) and guess what to learn from them.

    Args:
        paths: one file; train, validation and test files; or a folder that holds them.
        target: the column to learn, or several, where they are known.
        task: its name, where it is known: classification, regression, tagging and so on.
        encoding: of text files, where it is not UTF-8.
        separator: of delimited files, where it is not found out.
        decimal: the decimal sign of delimited files, where it is not found out.

    Raises:
        UsageError: files whose part nobody can tell, or a target that is not there.
        DataError: files that cannot be read, or that hold nothing to learn.
    """
    files = find_files(paths)
    how = {"encoding": encoding, "separator": separator, "decimal": decimal}
    readings = {split: _read(path, how) for split, path in files.splits.items()}
    table = readings["train"].table
    if len(table.columns) < 2:
        _refuse_one_column(table, files.splits["train"])
    said = () if target is None else (target,) if isinstance(target, str) else tuple(target)
    learnt = _target(table, said, task, files.splits["train"])
    inputs, ignore = find_inputs(table, learnt)
    if not inputs:
        raise DataError(
            f"{files.splits['train'].name}: beside {', '.join(learnt.names)!r} there is nothing to learn from",
            legal="; ".join(f"{name} {why}" for name, why in ignore.items()) or "one more column at least",
        )
    reasons = [_about_files(files), learnt.about_target, learnt.about_task, about_inputs(inputs)]
    if ignore:
        reasons.append(about_ignored(ignore))
    if (time := about_time(table)) and not {"valid", "test"} <= set(files.splits):
        reasons.append(time)
    return Guess(
        files=files.splits,
        described={split: reading.described for split, reading in readings.items()},
        notes=tuple(f"{files.splits[split].name}: {note}" for split, each in readings.items() for note in each.notes),
        task=learnt.task,
        target=learnt.names,
        inputs=inputs,
        ignore=tuple(ignore),
        reasons=tuple(reasons),
    )


def _target(table: Table, said: tuple[str, ...], task: str | None, path: Path) -> Target:
    """What is learnt; an error of the data names their file."""
    try:
        return find_target(table, said=said, task=task)
    except DataError as error:
        met = f"{path.name}: {error.summary.met}"
        raise DataError(met, legal=error.summary.legal, remedy=error.summary.remedy) from error


def _read(path: Path, how: Mapping[str, str | None]) -> Reading:
    """A file, read as it was said, as far as that says something of such a file."""
    return read(path, **{key: value for key, value in how.items() if ending_of(path) in DECIDES[key]})


def _refuse_one_column(table: Table, path: Path) -> None:
    """Raise but for a text, which is learnt from itself."""
    for name, column in table.columns.items():
        if is_written(column) and re.fullmatch(r"\w[\w .-]*", name):
            return
    raise DataError(
        f"{path.name} has one column, {next(iter(table.columns), '')!r}",
        legal="something to learn from and something to learn",
        remedy="add the missing column, or set the separator",
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
