"""Plain text files: one long text, in rows of equal length that go on from one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np

from kilter.data.faults import counted
from kilter.values.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROW: Final = 256  # characters; about as many as a recurrent network can be taught over at once
COLUMN: Final = "text"
PLAIN_TEXT: Final = (".txt",)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A text in rows.

    Attributes:
        column: (rows,) of str; joined they are the text exactly.
        places: characters before each row.
        described: its size in a reader's words.
        notes: what a person should know of it.
    """

    column: NDArray[np.object_]
    places: tuple[int, ...]
    described: str
    notes: tuple[str, ...]


def part_text(text: str, *, name: str) -> Stream:
    """A text in rows of 256 characters, the last as long as is left.

    >>> stream = part_text("to be " * 100, name="train.txt")
    >>> stream.places, "".join(stream.column) == "to be " * 100, stream.described
    ((0, 256, 512), True, '600 characters, 5 different')

    Args:
        text: of a whole file.
        name: the file's, for messages.

    Raises:
        DataError: there is no text.
    """
    if not text.strip():
        met = f"holds only {counted(len(text), 'blank character')}" if text else "holds no character"
        raise DataError(f"{name} {met}", legal="a text is needed", remedy="write the file again")
    places = tuple(range(0, len(text), ROW))
    column = np.fromiter((text[place : place + ROW] for place in places), dtype=object, count=len(places))
    described = f"{counted(len(text), 'character')}, {len(set(text)):,} different"
    return Stream(column=column, places=places, described=described, notes=_notes(text))


def _notes(text: str) -> tuple[str, ...]:
    ends = text.count("\r\n")
    alone = text.count("\r") - ends
    lost = text.count("\ufffd")
    return (
        *([f"{counted(ends, 'line')} end in CR LF, as on Windows; both signs are kept, and learnt"] if ends else []),
        *([f"{counted(alone, 'carriage return')} without a line feed; kept as they are"] if alone else []),
        *([f"{counted(lost, 'replacement character')} (U+FFFD): signs were lost before this file"] if lost else []),
    )
