"""Files as tables: CSV and TSV, JSON lines, Parquet and npz, all but npz also as `.gz`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kilter.data.archives import read_arrays
from kilter.data.cells import as_columns
from kilter.data.contents import read_bytes
from kilter.data.decoding import decode
from kilter.data.delimited import part
from kilter.data.faults import counted, gathered
from kilter.data.json_lines import parse
from kilter.data.parquet import read_columns
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DELIMITED: Final = {".csv": None, ".tsv": "\t", ".tab": "\t"}
JSON_LINES: Final = (".jsonl", ".ndjson", ".json")
LEGAL: Final = ".csv, .tsv, .jsonl (each also with .gz), .parquet and .npz"
NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as it was read: its rows, how they were read, and what was noticed.

    Attributes:
        table: the rows; ids are `<file name>:<line>`, or `<file name>#<row>` (from 0) where there are no lines.
        described: one sentence that says what the file is: format, encoding, separator, decimal sign, size.
        notes: what a person should know and no error says, such as words that were read as missing.
    """

    table: Table
    described: str
    notes: tuple[str, ...]


def read(
    path: str | Path, *, encoding: str | None = None, separator: str | None = None, decimal: str | None = None
) -> Reading:
    """A file's rows, by the ending of its name, and how they were read.

    Columns are float64 where every value that is not missing is a number (NaN where missing), images (n, h, w) or
    (n, h, w, c) where an archive holds some, and else object arrays of str with None where missing.

    Args:
        path: the file.
        encoding: of text files; None takes a byte-order mark's word and else UTF-8.
        separator: of delimited files; None finds it out.
        decimal: the decimal sign of delimited files; None finds it out.

    Raises:
        DataError: the file cannot be read; all that is wrong with it, up to 20 faults, with lines.
        UsageError: an argument that says nothing about this kind of file, or is not legal.
    """
    path = Path(path)
    ending = path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    _refuse_useless(path, ending, encoding=encoding, separator=separator, decimal=decimal)
    if ending in DELIMITED:
        return _delimited(path, encoding, separator or DELIMITED[ending], decimal)
    if ending in JSON_LINES:
        return _json_lines(path, encoding)
    if ending == ".parquet":
        parquet = read_columns(read_bytes(path), name=path.name)
        return _numbered(path, parquet.columns, "Parquet", parquet.notes)
    if ending == ".npz":
        return _numbered(path, read_arrays(read_bytes(path), name=path.name), "npz", ())
    if path.is_dir() or not path.exists():
        read_bytes(path)  # says so
    raise DataError(f"{path} ends in {ending or 'nothing'!r}", legal=f"{LEGAL} are read", remedy="convert or rename it")


def read_table(
    path: str | Path, *, encoding: str | None = None, separator: str | None = None, decimal: str | None = None
) -> Table:
    """A file's rows alone; see `read`."""
    return read(path, encoding=encoding, separator=separator, decimal=decimal).table


def _delimited(path: Path, encoding: str | None, separator: str | None, decimal: str | None) -> Reading:
    decoded = decode(read_bytes(path, header_lines=1), name=path.name, encoding=encoding)
    sheet = part(decoded.text, name=path.name, separator=separator)
    typed = as_columns(sheet.cells, lines=sheet.lines, name=path.name, decimal=decimal)
    if typed.faults:
        raise gathered(f"{path.name} has numbers that can be read in two ways", typed.faults)
    parted = NAMES.get(sheet.separator, repr(sheet.separator))
    form = f"CSV with {parted}" + (" and decimal commas" if typed.decimal == "," else "") + f", {decoded.described}"
    table = Table(columns=typed.columns, ids=tuple(f"{path.name}:{line}" for line in sheet.lines))
    return Reading(table=table, described=_described(table, form), notes=(*sheet.notes, *typed.notes))


def _json_lines(path: Path, encoding: str | None) -> Reading:
    decoded = decode(read_bytes(path), name=path.name, encoding=encoding)
    rows = parse(decoded.text, name=path.name)
    table = Table(columns=rows.columns, ids=tuple(f"{path.name}:{line}" for line in rows.lines))
    return Reading(table=table, described=_described(table, f"JSON lines, {decoded.described}"), notes=rows.notes)


def _numbered(path: Path, columns: Mapping[str, NDArray[np.generic]], form: str, notes: tuple[str, ...]) -> Reading:
    rows = len(next(iter(columns.values())))
    table = Table(columns=columns, ids=tuple(f"{path.name}#{row}" for row in range(rows)))
    return Reading(table=table, described=_described(table, form), notes=notes)


def _described(table: Table, form: str) -> str:
    return f"{form}: {counted(len(table), 'row')}, {counted(len(table.columns), 'column')}"


def _refuse_useless(path: Path, ending: str, **given: str | None) -> None:
    """Raise where an argument is not legal, or decides nothing for this kind of file."""
    decides = {"encoding": (*DELIMITED, *JSON_LINES), "separator": tuple(DELIMITED), "decimal": tuple(DELIMITED)}
    for name, value in given.items():
        if value is not None and ending not in decides[name]:
            raise UsageError(f"{name} = {value!r} decides nothing for {path.name}", remedy="leave it out")
    separator, decimal = given["separator"], given["decimal"]
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise UsageError(f"separator = {separator!r}", legal="one character, such as ',' or ';'", remedy="leave it out")
    if decimal not in {None, ".", ","}:
        raise UsageError(f"decimal = {decimal!r}", legal="'.' or ','", remedy="leave it out")
    if decimal == "," and separator == ",":
        raise UsageError("separator and decimal are both ','", legal="they differ", remedy="leave one of them out")
