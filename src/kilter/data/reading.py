"""Files as tables, by the ending of their names; files of text also as `.gz`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, final

from kilter.data.archives import read_arrays
from kilter.data.cells import as_columns
from kilter.data.conll import parse as parse_sentences
from kilter.data.contents import read_bytes
from kilter.data.decoding import Decoded, decode
from kilter.data.delimited import part
from kilter.data.faults import counted, gathered
from kilter.data.image_files import read_image_folder, read_image_zip
from kilter.data.json_lines import parse
from kilter.data.parquet import read_columns
from kilter.data.plain_text import COLUMN, PLAIN_TEXT, part_text
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DELIMITED: Final = {".csv": None, ".tsv": "\t", ".tab": "\t"}
JSON_LINES: Final = (".jsonl", ".ndjson", ".json")
CONLL: Final = (".conll", ".bio", ".iob", ".iob2")
TEXTS: Final = (*DELIMITED, *JSON_LINES, *PLAIN_TEXT, *CONLL)
"""Endings of text files: those for which `encoding` says something, and that may be compressed."""

NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as it was read: its rows, how they were read, and what was noticed.

    Attributes:
        table: the rows; ids are `<file name>:<line>`, or `<file name>#<row>` (from 0) where there are no lines,
            `<file name>@<characters before it>` in a text.
        described: one sentence that says what the file is: format, encoding, separator, decimal sign, size.
        notes: what a person should know and no error says, such as words that were read as missing.
        stream: whether the rows are one text, each going on where the last one ended.
    """

    table: Table
    described: str
    notes: tuple[str, ...]
    stream: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What was said of how a file is to be read; None finds it out."""

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None


def read(
    path: str | Path, *, encoding: str | None = None, separator: str | None = None, decimal: str | None = None
) -> Reading:
    """A file's rows, by the ending of its name, and how they were read.

    Columns are float64 where every value that is not missing is a number (NaN where missing), images (n, h, w) or
    (n, h, w, c) where an archive holds some, and else object arrays of str with None where missing; lists of words
    are tuples of str.

    Args:
        path: the file, or a folder that holds a folder of images for each class.
        encoding: of text files; None takes a byte-order mark's word and else UTF-8.
        separator: of delimited files; None finds it out.
        decimal: the decimal sign of delimited files; None finds it out.

    Raises:
        DataError: the file cannot be read; all that is wrong with it, up to 20 faults, with lines.
        UsageError: an argument that says nothing about this kind of file, or is not legal.
    """
    path = Path(path)
    ending = ending_of(path)
    _refuse_useless(path, ending, encoding=encoding, separator=separator, decimal=decimal)
    if path.is_dir():
        return _image_folder(path)
    if ending not in READERS or (path.suffix.lower() == ".gz" and ending not in TEXTS):
        if not path.exists():
            read_bytes(path)  # says so
        met = f"{path} ends in {path.suffix.lower() or 'nothing'!r}"
        raise DataError(met, legal=f"{LEGAL} are read", remedy="convert or rename it")
    return READERS[ending](path, How(encoding=encoding, separator=separator, decimal=decimal))


def read_table(
    path: str | Path, *, encoding: str | None = None, separator: str | None = None, decimal: str | None = None
) -> Table:
    """A file's rows alone; see `read`."""
    return read(path, encoding=encoding, separator=separator, decimal=decimal).table


def ending_of(path: Path) -> str:
    """The ending that says what a file is, small; that before `.gz` where it is compressed.

    >>> ending_of(Path("Reviews.CSV.gz"))
    '.csv'
    """
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


def _delimited(path: Path, how: How) -> Reading:
    decoded = decode(read_bytes(path, header_lines=1), name=path.name, encoding=how.encoding)
    said = how.separator or DELIMITED[ending_of(path)]
    sheet = part(decoded.text, name=path.name, separator=said)
    typed = as_columns(sheet.cells, lines=sheet.lines, name=path.name, decimal=how.decimal)
    if typed.faults:
        raise gathered(f"{path.name} has numbers that can be read in two ways", typed.faults)
    parted = NAMES.get(sheet.separator, repr(sheet.separator))
    found = [f"fields are parted by {parted}"] if said is None and sheet.separator != "," else []
    if typed.decimal == "," and how.decimal is None:
        found.append("numbers have decimal commas: '1,5' was read as 1.5")
    form = f"CSV with {parted}" + (" and decimal commas" if typed.decimal == "," else "")
    notes = (*found, *sheet.notes, *typed.notes)
    return _lined(path, decoded, columns=typed.columns, lines=sheet.lines, form=form, notes=notes)


def _json_lines(path: Path, how: How) -> Reading:
    decoded = decode(read_bytes(path), name=path.name, encoding=how.encoding)
    rows = parse(decoded.text, name=path.name)
    return _lined(path, decoded, columns=rows.columns, lines=rows.lines, form="JSON lines", notes=rows.notes)


def _plain_text(path: Path, how: How) -> Reading:
    decoded = decode(read_bytes(path), name=path.name, encoding=how.encoding)
    stream = part_text(decoded.text, name=path.name)
    table = Table(columns={COLUMN: stream.column}, ids=tuple(f"{path.name}@{place}" for place in stream.places))
    described = f"plain text, {decoded.described}: {stream.described}"
    return Reading(table=table, described=described, notes=(*decoded.notes, *stream.notes), stream=True)


def _conll(path: Path, how: How) -> Reading:
    decoded = decode(read_bytes(path), name=path.name, encoding=how.encoding)
    rows = parse_sentences(decoded.text, name=path.name)
    return _lined(path, decoded, columns=rows.columns, lines=rows.lines, form="CoNLL", notes=rows.notes)


def _parquet(path: Path, _how: How) -> Reading:
    parquet = read_columns(read_bytes(path), name=path.name)
    return _numbered(path, parquet.columns, "Parquet", parquet.notes)


def _arrays(path: Path, _how: How) -> Reading:
    return _numbered(path, read_arrays(read_bytes(path), name=path.name), "npz", ())


def _image_zip(path: Path, _how: How) -> Reading:
    images = read_image_zip(read_bytes(path), name=path.name)
    table = Table(columns=images.columns, ids=images.ids)
    return Reading(table=table, described=images.described, notes=images.notes)


def _image_folder(path: Path) -> Reading:
    images = read_image_folder(path)
    table = Table(columns=images.columns, ids=images.ids)
    return Reading(table=table, described=images.described, notes=images.notes)


def _lined(
    path: Path,
    decoded: Decoded,
    *,
    columns: Mapping[str, NDArray[np.generic]],
    lines: Sequence[int],
    form: str,
    notes: Sequence[str],
) -> Reading:
    """A file of text whose rows begin on these lines."""
    table = Table(columns=columns, ids=tuple(f"{path.name}:{line}" for line in lines))
    described = _described(table, f"{form}, {decoded.described}")
    return Reading(table=table, described=described, notes=(*decoded.notes, *notes))


def _numbered(path: Path, columns: Mapping[str, NDArray[np.generic]], form: str, notes: tuple[str, ...]) -> Reading:
    rows = len(next(iter(columns.values())))
    table = Table(columns=columns, ids=tuple(f"{path.name}#{row}" for row in range(rows)))
    return Reading(table=table, described=_described(table, form), notes=notes)


def _described(table: Table, form: str) -> str:
    return f"{form}: {counted(len(table), 'row')}, {counted(len(table.columns), 'column')}"


READERS: Final[Mapping[str, Callable[[Path, How], Reading]]] = MappingProxyType(
    {
        **dict.fromkeys(DELIMITED, _delimited),
        **dict.fromkeys(JSON_LINES, _json_lines),
        **dict.fromkeys(CONLL, _conll),
        **dict.fromkeys(PLAIN_TEXT, _plain_text),
        ".parquet": _parquet,
        ".npz": _arrays,
        ".zip": _image_zip,
    }
)
"""What reads the files of an ending."""

LEGAL: Final = ".csv, .tsv, .jsonl, .txt, .conll (each also with .gz), .parquet, .npz, and .zip or folders of images"

DECIDES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"encoding": TEXTS, "separator": tuple(DELIMITED), "decimal": tuple(DELIMITED)}
)
"""What can be said of how a file is read, and the endings of the files for which it says something."""


def _refuse_useless(path: Path, ending: str, **given: str | None) -> None:
    """Raise where an argument is not legal, or decides nothing for this kind of file."""
    for name, value in given.items():
        if value is not None and ending not in DECIDES[name]:
            raise UsageError(f"{name} = {value!r} decides nothing for {path.name}", remedy="leave it out")
    separator, decimal = given["separator"], given["decimal"]
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise UsageError(f"separator = {separator!r}", legal="one character, such as ',' or ';'", remedy="leave it out")
    if decimal not in {None, ".", ","}:
        raise UsageError(f"decimal = {decimal!r}", legal="'.' or ','", remedy="leave it out")
    if decimal == "," and separator == ",":
        raise UsageError("separator and decimal are both ','", legal="they differ", remedy="leave one of them out")
