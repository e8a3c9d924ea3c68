"""Delimited text (CSV, TSV): records of equally many fields under a header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, final

from kilter.data.faults import counted, gathered, listed, quoted
from kilter.values.errors import DataError, Fault

SEPARATORS: Final = (",", ";", "\t", "|")
PROBED: Final = 100  # records from whose widths the separator is told
LONGEST_FIELD: Final = 2**31 - 1  # characters; the csv module stops at 131,072, which a long document passes


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Cells by column name, the line on which each row begins, and how they were parted."""

    cells: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    separator: str
    notes: tuple[str, ...]


def part(text: str, *, name: str, separator: str | None = None) -> Sheet:
    """The cells of delimited text whose first line is the header (RFC 4180; any line ends, blank lines are skipped).

    Args:
        text: the whole file.
        name: the file's, for messages.
        separator: what parts the fields; None finds it out from the header and the lines below it.

    Raises:
        DataError: no rows, a header that cannot be one, and records of the wrong width or with faulty quotes; all of
            them, with their lines.
    """
    separator = separator or _separator(text)
    records = _records(text, separator)
    faults = [record for record in records if isinstance(record, Fault)]
    filled = [record for record in records if not isinstance(record, Fault) and record[1]]
    if not filled:
        raise gathered(f"{name} holds no records", _placed(faults, name), remedy="write a header and rows below it")
    header_line, header = filled[0]
    _refuse_data(header, header_line, name)
    names, notes = _names(header)
    rows = filled[1:]
    width = len(names)
    faults += [
        Fault(where=str(header_line), met=f"column {column!r} stands {times} times in the header")
        for column, times in Counter(names).items()
        if times > 1
    ]
    faults += [_ragged(line, fields, width, separator) for line, fields in rows if len(fields) != width]
    if faults:
        raise gathered(
            f"{name} has {counted(len(faults), 'fault')} in {counted(len(records), 'record')}",
            _placed(sorted(faults, key=_line), name),
            legal=f"every record has {counted(width, 'field')}, as the header on line {header_line} says",
            remedy="mend these lines, put quotes around fields that hold the separator, or set `separator:`",
        )
    if not rows:
        legal = "at least one row below it is needed"
        raise DataError(
            f"{name} has a header ({listed(names)}) but no rows", legal=legal, remedy="write the file again"
        )
    blank = [line for line, fields in _blank(records) if line < rows[-1][0]]
    if blank:
        notes.append(f"{counted(len(blank), 'blank line')} skipped: {listed(blank)}")
    columns = zip(*(fields for _, fields in rows), strict=True)
    return Sheet(
        cells=dict(zip(names, columns, strict=True)),
        lines=[line for line, _ in rows],
        separator=separator,
        notes=(*notes, *_line_ends(text)),
    )


Record = tuple[int, list[str]]


def _records(text: str, separator: str, most: int | None = None) -> list[Record | Fault]:
    """Line and fields of each record; a fault, its line in `where`, for one whose quotes are wrong."""
    records: list[Record | Fault] = []
    line = 1
    with _long_fields():
        # newline="" keeps all three line ends as they are and still parts lines at each of them
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        while most is None or len(records) < most:
            try:
                for fields in reader:
                    records.append((line, fields))
                    line = reader.line_num + 1
                    if len(records) == most:
                        return records
            except csv.Error as error:
                records.append(Fault(where=str(line), met=_said(error, separator)))
                line = reader.line_num + 1
            else:
                return records
    return records


@contextmanager
def _long_fields() -> Iterator[None]:
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _said(error: csv.Error, separator: str) -> str:
    if "unexpected end of data" in str(error):
        return "a quote is opened and never closed: everything below it became one field"
    if "expected after" in str(error):
        return f"a closing quote is followed by something else than {separator!r}; quotes inside are written twice"
    return str(error)


def _separator(text: str) -> str:
    """The separator under which most records are as wide as the header, and the header is widest."""
    best, best_score = ",", (0.0, 0)
    for candidate in SEPARATORS:
        records = [
            record for record in _records(text, candidate, PROBED) if not isinstance(record, Fault) and record[1]
        ]
        if not records or len(records[0][1]) < 2:
            continue
        width = len(records[0][1])
        agreeing = sum(len(fields) == width for _, fields in records) / len(records)
        if (round(agreeing, 1), width) > best_score:
            best, best_score = candidate, (round(agreeing, 1), width)
    return best


def _names(header: list[str]) -> tuple[tuple[str, ...], list[str]]:
    names = [field.strip() for field in header]
    unnamed = [number for number, field in enumerate(names, start=1) if not field]
    for number in unnamed:
        names[number - 1] = f"column {number}"
    said = listed([names[number - 1] for number in unnamed])
    return tuple(names), [f"columns without a name in the header are called {said}"] if unnamed else []


def _refuse_data(header: list[str], line: int, name: str) -> None:
    """Raise where the first line is a row of data; columns named 0, 1, 2 and so on are legal."""
    if all(_is_number(field) for field in header) and header != [str(number) for number in range(len(header))]:
        raise DataError(
            f"{name}:{line} holds only numbers: {listed(header)}",
            legal="the first line is a header with the names of the columns",
            remedy="write a header line above the data",
        )


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _ragged(line: int, fields: list[str], width: int, separator: str) -> Fault:
    met = f"{counted(len(fields), 'field')} instead of {width}: {quoted(separator.join(fields))}"
    return Fault(where=str(line), met=met)


def _line(fault: Fault) -> int:
    return int(fault.where)


def _placed(faults: Sequence[Fault], name: str) -> list[Fault]:
    return [Fault(where=f"{name}:{fault.where}", met=fault.met) for fault in faults]


def _blank(records: Sequence[Record | Fault]) -> Iterator[Record]:
    return (record for record in records if not isinstance(record, Fault) and not record[1])


def _line_ends(text: str) -> tuple[str, ...]:
    """A note where lines end in different ways."""
    both = text.count("\r\n")
    kinds = {"CR LF": both, "LF": text.count("\n") - both, "CR": text.count("\r") - both}
    met = [f"{kind} {count:,}" for kind, count in kinds.items() if count]
    return (f"line ends are mixed ({', '.join(met)}); each was read as one",) if len(met) > 1 else ()
