"""Reading delimited logs: of Keras, of Lightning, of one's own loop."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.logs.cells import numbers_of
from kilter.logs.labels import VALUES, parted_columns
from kilter.values.errors import DataError
from kilter.values.history import History
from kilter.values.log import Log

if TYPE_CHECKING:
    from kilter.logs.cells import Numbers

_SEPARATORS: Final = (",", ";", "\t", "|")
_LONGEST_FIELD: Final = 2**31 - 1  # characters; the csv module stops at 131,072
_BANDS: Final = ("__MIN", "__MAX")  # columns that W&B adds to what it exports

_LEGAL: Final = "a log is delimited text: a header that names the columns, below it a row for each time of recording"


def read_table(path: Path) -> Log:
    """The log of a delimited file, with its own column names; its steps are the numbers of its rows, from 1.

    Rows need not be full: Lightning writes training and validation on lines of their own. A column that says which
    split a row is of, or which quantity, parts the others by what it says. A header that stands again, as after a
    restart, is skipped; a last row that was cut short is left out and said.

    Raises:
        DataError: it cannot be read, or is no such table.
    """
    try:
        text = path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a file that can be read") from None
    header, rows, separator, notes = _parted(text, path)
    cells = zip(header, zip(*rows, strict=True), strict=True)
    columns = {name: of for name, of in cells if not name.endswith(_BANDS)}
    numbers, said = numbers_of(parted_columns(columns), decimal_comma=separator != ",")
    if not numbers:
        raise DataError(f"{path} has no column of numbers", legal=_LEGAL)
    return Log(
        name=path.stem,
        history=History.of_columns(np.arange(1, len(rows) + 1), _titled(numbers, path)),
        notes=(*notes, *said),
    )


def _parted(text: str, path: Path) -> tuple[list[str], list[list[str]], str, list[str]]:
    """The header, the rows that are as wide as it, the separator, and what was left out."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    if separator not in first and len(first.split()) > 1:
        lines = [",".join(line.split()) for line in lines]
        separator = ","
    records = [record for record in _records(lines, separator) if record and any(map(str.strip, record))]
    if len(records) < 2:
        raise DataError(f"{path} has {len(records)} lines", legal=_LEGAL)
    header = [field.strip().lstrip("#").strip() or f"column {place}" for place, field in enumerate(records[0], 1)]
    if all(_is_number(field) for field in header):
        raise DataError(f"{path} begins with numbers: {', '.join(header[:5])}", legal=_LEGAL, remedy="write the header")
    if len(set(header)) < len(header):
        twice = next(field for field in header if header.count(field) > 1)
        raise DataError(f"{path} has two columns called {twice!r}", legal=_LEGAL, remedy="rename one")
    width = len(header)
    again = [record for record in records[1:] if record == records[0]]
    others = [record for record in records[1:] if record != records[0]]
    rows = [record for record in others if len(record) == width]
    if len(rows) < len(others) / 2 or not rows:
        met = f"{len(others) - len(rows):,} of {len(others):,} rows of {path} are not as wide as its header ({width})"
        raise DataError(met, legal=_LEGAL)
    notes = [f"The header stands {len(again) + 1} times; the rows below each are read as one log."] if again else []
    if len(others[-1]) != width:
        notes.append("The last row was cut short and is left out.")
    lost = len(others) - len(rows) - (len(others[-1]) != width)
    if lost:
        notes.append(f"{lost:,} rows are not as wide as the header and are left out.")
    return header, rows, separator, notes


def _records(lines: Sequence[str], separator: str) -> list[list[str]]:
    before = csv.field_size_limit(_LONGEST_FIELD)
    try:
        return list(csv.reader(lines, delimiter=separator))
    finally:
        csv.field_size_limit(before)


def _titled(numbers: dict[str, Numbers], path: Path) -> dict[str, Numbers]:
    """A column that is called no more than `Value` is called as its file, as TensorBoard's downloads are."""
    return {path.stem if name.lower() in VALUES else name: column for name, column in numbers.items()}


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
