"""Tagged sentences: one token a line with its tag in the last column, a blank line behind each sentence (CoNLL)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np

from kilter.data.faults import counted, gathered, listed, quoted
from kilter.values.errors import DataError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKENS: Final = "tokens"
TAGS: Final = "tags"
DOCUMENT: Final = "-DOCSTART-"
_TAG: Final = re.compile(r"O|[A-Z]-\S+")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Columns of sentences, the line on which each begins, and what was noticed."""

    columns: Mapping[str, NDArray[np.generic]]
    lines: Sequence[int]
    notes: tuple[str, ...]


class _Line(NamedTuple):
    number: int
    fields: tuple[str, ...]


def parse(text: str, *, name: str) -> Sentences:
    """The sentences of a file of columns, parted by tabs or by spaces; one row a sentence.

    The first column becomes `tokens`, the last one `tags`, each a tuple of str a sentence; columns between them are
    skipped, which is noted, and so is a first one that only numbers the tokens. A file of one column has tokens
    alone. Lines that begin a document (`-DOCSTART-`) end a sentence, and comments (`# ...`) are skipped.

    Args:
        text: the whole file.
        name: the file's, for messages.

    Raises:
        DataError: lines with more or fewer columns than most, or without a token; all of them, with their lines. Or
            there is no sentence.
    """
    lines = _lines(text)
    inner = [line.strip(" \t\r") for line in lines]
    tabbed = sum("\t" in line for line in inner) > sum(" " in line and "\t" not in line for line in inner)
    parted = [_Line(number, _fields(line, tabbed=tabbed)) for number, line in enumerate(lines, start=1)]
    width = _width(parted)
    comments = [line.number for line in parted if _is_comment(line.fields, lines[line.number - 1], width)]
    skipped = set(comments)
    sentences: list[list[_Line]] = [[]]
    documents = 0
    faults: list[Fault] = []
    for line in parted:
        if line.number in skipped:
            continue
        if not line.fields or line.fields[0] == DOCUMENT:
            documents += bool(line.fields)
            sentences.append([])
        elif fault := _fault(line, width, lines[line.number - 1], name):
            faults.append(fault)
        else:
            sentences[-1].append(line)
    if faults:
        sign = "tabs" if tabbed else "spaces"
        raise gathered(
            f"{name} has {counted(len(faults), 'faulty line')}",
            faults,
            legal=f"each token stands on its own line, with {counted(width, 'column')} parted by {sign}",
            remedy="mend these lines; a blank line parts two sentences",
        )
    full = [sentence for sentence in sentences if sentence]
    if not full:
        raise DataError(
            f"{name} has no sentences", legal="one token a line, its tag behind it", remedy="write the file again"
        )
    return _columns(full, width, _notes(documents, comments))


def _lines(text: str) -> list[str]:
    """Lines without their ends, which are those of Unix, of Windows, or of Macs before the year 2001."""
    plain = text.replace("\r\n", "\n")
    return (plain if "\n" in plain else plain.replace("\r", "\n")).split("\n")


def _fields(line: str, *, tabbed: bool) -> tuple[str, ...]:
    """The columns of a line, none where it is blank; what stands behind the last column does not count."""
    if not line.strip():
        return ()
    return tuple(line.rstrip(" \t\r").split("\t")) if tabbed else tuple(re.split(r"[ \t]+", line.strip(" \t\r")))


def _width(parted: Sequence[_Line]) -> int:
    """How many columns most lines have."""
    widths = Counter(len(line.fields) for line in parted if line.fields and not line.fields[0].startswith(("#", "-D")))
    if not widths:
        return max((len(line.fields) for line in parted), default=0)
    return max(widths, key=lambda width: (widths[width], width))


def _is_comment(fields: tuple[str, ...], line: str, width: int) -> bool:
    """Whether a line speaks about the sentences: `# ...` that is not a token `#` with its tag."""
    if not line.startswith("#") or (line[1:2] and not line[1].isspace()):
        return False
    return len(fields) != width or (width > 1 and not _TAG.fullmatch(fields[-1].strip()))


def _fault(line: _Line, width: int, whole: str, name: str) -> Fault | None:
    if len(line.fields) == width:
        empty = [place for place, field in enumerate(line.fields, start=1) if not field.strip(" \r")]
        if not empty:
            return None
        met = "no token" if empty[0] == 1 else f"nothing in column {listed(empty)}"
        return Fault(where=f"{name}:{line.number}", met=f"{met} in {quoted(whole)}")
    met = f"{counted(len(line.fields), 'column')} in {quoted(whole)}"
    legal = f"{width} as in most lines"
    if len(line.fields) == 1 and width > 1:
        met, legal = f"a token without a tag: {quoted(whole)}", f"{width} columns as in most lines"
    return Fault(where=f"{name}:{line.number}", met=met, legal=legal)


def _columns(sentences: Sequence[Sequence[_Line]], width: int, notes: list[str]) -> Sentences:
    numbered = width > 2 and all(
        line.fields[0] == str(place) for sentence in sentences for place, line in enumerate(sentence, start=1)
    )
    first = int(numbered)
    if numbered:
        notes.append("the first column numbers the tokens; the second one was read as the token")
    if between := [str(place) for place in range(first + 2, width)]:
        notes.append(f"column {', '.join(between)} of {width} skipped: the token stands before, its tag in the last")
    if width == 1:
        notes.append("one column: tokens without tags")
    places = {TOKENS: first, TAGS: width - 1} if width > 1 else {TOKENS: first}
    columns: dict[str, NDArray[np.generic]] = {}
    for name, place in places.items():
        cells = (tuple(line.fields[place].strip(" \r") for line in sentence) for sentence in sentences)
        columns[name] = np.fromiter(cells, dtype=object, count=len(sentences))
    return Sentences(columns=columns, lines=[sentence[0].number for sentence in sentences], notes=tuple(notes))


def _notes(documents: int, comments: Sequence[int]) -> list[str]:
    notes = [f"{counted(documents, 'document mark')} ({DOCUMENT}) read as the end of a sentence"] if documents else []
    return notes + ([f"{counted(len(comments), 'comment')} skipped: line {listed(comments)}"] if comments else [])
