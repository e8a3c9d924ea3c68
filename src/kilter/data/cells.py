"""Cells of text as columns: numbers where every cell is one, else the text as it stands."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from kilter.data.faults import counted, listed, quoted
from kilter.values.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING: Final = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "Null", "null", "None", "?", "-")
"""What stands for a missing number; in a column of text only the empty cell does, since 'NA' may be Namibia."""

NEARLY: Final = 0.9  # a column with so many numbers was meant to be one
SAMPLE: Final = 200  # cells looked at before all are
WHOLE: Final = 2.0**53  # whole numbers beyond this share their double with a neighbour: identifiers would merge

CODES: Final = re.compile(r"^\s*[+-]?0\d|_", re.MULTILINE)  # '00501' is a code; Python reads '1_000' as a number
COMMA: Final = re.compile(r"[+-]?(\d+(\.\d{3})*)?(,\d+)?([eE][+-]?\d+)?")
GROUPED_COMMA: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
GROUPED_POINT: Final = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Columns of one file's text cells, the decimal sign they were read with, and what was noticed."""

    columns: Mapping[str, NDArray[np.generic]]
    decimal: str
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]


def as_columns(
    cells: Mapping[str, Sequence[str]], *, lines: Sequence[int], name: str, decimal: str | None = None
) -> Cells:
    """Typed columns: float64 where every cell that is not missing is a number, else object arrays of str and None.

    Numbers are what `float` reads, infinities and overflow included; numbers with leading zeros are codes and whole
    numbers of 16 and more digits identifiers, so both stay text.

    Args:
        cells: name to cells, equally many a column.
        lines: the line on which each row begins.
        name: the file's, for messages.
        decimal: the decimal sign, `.` or `,`; None finds it out, and what may be either is a fault.
    """
    columns: dict[str, NDArray[np.generic]] = {}
    notes: list[str] = []
    texts: list[str] = []
    for column, given in cells.items():
        numbers = as_numbers(given)
        if numbers is None:
            texts.append(column)
        else:
            columns[column] = numbers
            notes += _noted(column, given, numbers, lines)
    with_commas = [column for column in texts if decimal != "." and _all_match(COMMA, cells[column])]
    faults: list[Fault] = []
    if decimal is None and with_commas and not any(_tells_decimal(cells[column]) for column in with_commas):
        faults = [_ambiguous(column, cells[column], ",", lines, name) for column in with_commas]
        with_commas = []
    elif with_commas and decimal is None:
        pointed = [column for column in columns if _all_match(GROUPED_POINT, cells[column])]
        faults = [_ambiguous(column, cells[column], ".", lines, name) for column in pointed]
    for column in texts:
        if column in with_commas:
            plain = [cell.replace(".", "").replace(",", ".") for cell in cells[column]]
            numbers = as_numbers(plain)
        else:
            numbers = None
        if numbers is None:
            columns[column] = as_texts(cells[column])
            notes += _nearly(column, cells[column], lines)
        else:
            columns[column] = numbers
    return Cells(
        columns={column: columns[column] for column in cells},
        decimal="," if with_commas else ".",
        notes=tuple(notes),
        faults=tuple(faults),
    )


def as_numbers(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """The cells as float64, NaN where missing; None where they are no numbers.

    >>> as_numbers(["1", "", "-2", "inf"])
    array([ 1., nan, -2., inf])
    >>> as_numbers(["1", "one"]), as_numbers(["007", "042"]), as_numbers(["NA", ""])
    (None, None, None)
    """
    try:
        numbers = np.array([math.nan if cell in _MISSING else float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        return None
    if CODES.search("\n".join(cells)):
        return None
    if numbers.size and np.isnan(numbers).all() and any(cells):  # words alone: nothing says that numbers were meant
        return None
    finite = np.abs(numbers[np.isfinite(numbers)])
    if finite.size and finite.max() >= WHOLE and any(_is_long_whole(cell) for cell in cells):
        return None
    return numbers


def as_texts(cells: Sequence[str | None]) -> NDArray[np.object_]:
    """The cells as they stand, None where they are empty."""
    return np.fromiter((cell or None for cell in cells), dtype=object, count=len(cells))


_MISSING: Final = frozenset(MISSING)


def _is_long_whole(cell: str) -> bool:
    digits = cell.strip().lstrip("+-")
    return digits.isdigit() and int(digits) >= WHOLE


def _all_match(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    """Whether every cell that is not missing has this form, and there is one that has its sign."""
    present = [cell.strip() for cell in cells if cell not in _MISSING]
    sign = "." if pattern is GROUPED_POINT else ","
    return any(sign in cell for cell in present) and all(pattern.fullmatch(cell) for cell in present)


def _tells_decimal(cells: Sequence[str]) -> bool:
    """Whether a comma stands where no grouping comma could."""
    return any("," in cell and not GROUPED_COMMA.fullmatch(cell.strip()) for cell in cells)


def _ambiguous(column: str, cells: Sequence[str], sign: str, lines: Sequence[int], name: str) -> Fault:
    row = next(row for row, cell in enumerate(cells) if sign in cell)
    cell = cells[row].strip()
    return Fault(
        where=f"{name}:{lines[row]}",
        met=f"column {column!r}: {quoted(cell)} may be {cell.replace(sign, '')} or {cell.replace(sign, '.')}",
        legal="numbers with a decimal point and no grouping are read without being told",
        remedy="set `decimal: ','` or `decimal: '.'`, or write the numbers without grouping",
    )


def _noted(column: str, cells: Sequence[str], numbers: NDArray[np.float64], lines: Sequence[int]) -> list[str]:
    notes: list[str] = []
    words = Counter(cells[row] for row in np.flatnonzero(np.isnan(numbers)).tolist() if cells[row].strip())
    if words:
        listing = ", ".join(f"{quoted(word)} ({count:,})" for word, count in words.most_common())
        notes.append(f"column {column!r}: read as missing: {listing}")
    said = [row for row in np.flatnonzero(np.isinf(numbers)).tolist() if "inf" in cells[row].lower()]
    if said:
        where = listed([lines[row] for row in said])
        notes.append(f"column {column!r}: infinite in {counted(len(said), 'row')} (line {where})")
    beyond = [row for row in np.flatnonzero(np.isinf(numbers)).tolist() if "inf" not in cells[row].lower()]
    if beyond:
        where = listed([lines[row] for row in beyond])
        met = quoted(cells[beyond[0]])
        notes.append(f"column {column!r}: {met} is beyond double precision and reads as infinity (line {where})")
    return notes


def _nearly(column: str, cells: Sequence[str], lines: Sequence[int]) -> list[str]:
    """A note where a few cells keep a column from being numbers."""
    if _share_of_numbers(cells[:SAMPLE]) < NEARLY / 2:
        return []
    wrong = [row for row, cell in enumerate(cells) if not _is_number(cell)]
    if not wrong or len(wrong) > (1 - NEARLY) * len(cells):
        return []
    met = listed([f"{quoted(cells[row])} on line {lines[row]}" for row in wrong], most=3)
    return [f"column {column!r} is text because {counted(len(wrong), 'cell')} of {len(cells):,} are no numbers: {met}"]


def _share_of_numbers(cells: Sequence[str]) -> float:
    return sum(map(_is_number, cells)) / max(len(cells), 1)


def _is_number(cell: str) -> bool:
    if cell in _MISSING:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True
