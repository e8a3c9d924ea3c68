"""JSON lines: one object a line, the columns its keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from kilter.data.faults import counted, gathered, listed, quoted
from kilter.data.objects import as_column, noted_gaps
from kilter.values.errors import DataError, Fault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Typed columns, the line of each row, and what was noticed."""

    columns: Mapping[str, NDArray[np.generic]]
    lines: Sequence[int]
    notes: tuple[str, ...]


def parse(text: str, *, name: str) -> Rows:
    """The rows of JSON lines (ndjson.org); blank lines are skipped, NaN and Infinity are read as numbers.

    A key that a row lacks is a missing value, as null is.

    Args:
        text: the whole file.
        name: the file's, for messages.

    Raises:
        DataError: lines that are no JSON objects, keys that stand twice, values that do not fit their column; all of
            them, with line and column, and what else was noticed.
    """
    if text.lstrip().startswith("["):
        raise DataError(
            f"{name} holds a JSON array",
            legal="JSON lines are read: one object a line, without commas between them",
            remedy=f"write it so, for instance with: jq -c '.[]' {name}",
        )
    faults: list[Fault] = []
    objects: list[dict[str, Any]] = []
    lines: list[int] = []
    blank: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.isspace():
            blank.append(number)
            continue
        row = _object(line, f"{name}:{number}")
        if isinstance(row, Fault):
            faults.append(row)
        else:
            objects.append(row)
            lines.append(number)
    names = tuple(dict.fromkeys(key for row in objects for key in row))
    notes: list[str] = []
    if inner := [line for line in blank if lines and line < lines[-1]]:
        notes.append(f"{counted(len(inner), 'blank line')} skipped: {listed(inner)}")
    columns: dict[str, NDArray[np.generic]] = {}
    for key in names:
        values = [row.get(key) for row in objects]
        typed = as_column(values, name=key, place=lambda row: f"{name}:{lines[row]}")
        columns[key] = typed.column
        notes += [*typed.notes, *_gaps(key, values, objects, lines)]
        faults += typed.faults
    if faults:
        others = [Fault(where=name, met=note) for note in notes]
        raise gathered(
            f"{name} has {counted(len(faults), 'faulty line')}",
            [*sorted(faults, key=_line), *others],
            legal="each line holds one JSON object, with the same kind of value under the same key",
            remedy="mend or drop these lines",
        )
    if not objects:
        raise DataError(f"{name} has no rows", legal="one JSON object a line is read", remedy="write the file again")
    if not names:
        raise DataError(f"{name} has no columns", legal="keys are columns", remedy="write the file again")
    return Rows(columns=columns, lines=lines, notes=tuple(notes))


class _TwiceError(ValueError):
    """A key stands twice in one object; the last would win in silence."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return row


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs)


def _object(line: str, where: str) -> dict[str, Any] | Fault:
    try:
        value = _DECODER.decode(line)
    except json.JSONDecodeError as error:
        met = f"no JSON: {error.msg.lower()} at column {error.colno} of {quoted(line)}"
        return Fault(where=f"{where}:{error.colno}", met=met)
    except _TwiceError as error:
        return Fault(where=where, met=f"key {str(error)!r} stands twice")
    except (RecursionError, ValueError) as error:  # nested too deeply; a whole number of more than 4300 digits
        return Fault(where=where, met=f"unreadable: {error}")
    if not isinstance(value, dict):
        return Fault(where=where, met=f"no object: {quoted(line)}")
    if "\\ud" in line.lower() and _has_half_character(value):
        return Fault(where=where, met=f"half a character (a lone surrogate) in {quoted(line)}", legal="whole ones")
    return value


def _has_half_character(value: object) -> bool:
    """Whether a text has a surrogate without its partner, which no encoding can write."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _line(fault: Fault) -> int:
    """The line, out of `name:line` or `name:line:column`; a name may hold colons itself."""
    parts = fault.where.split(":")
    numbers = [int(part) for part in parts[-2:] if part.isdigit()]
    return numbers[0]


def _gaps(key: str, values: Sequence[object], objects: Sequence[Mapping[str, Any]], lines: Sequence[int]) -> list[str]:
    lacking = [line for line, row in zip(lines, objects, strict=True) if key not in row]
    empty = [line for line, row in zip(lines, objects, strict=True) if key in row and row[key] is None]
    notes = [f"column {key!r} is missing in {counted(len(lacking), 'row')} (line {listed(lacking)})"] if lacking else []
    if empty:
        notes.append(f"column {key!r} is null in {counted(len(empty), 'row')} (line {listed(empty)})")
    return [*notes, *noted_gaps(values, name=key, lines=lines)]
