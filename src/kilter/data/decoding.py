"""Bytes as text: the encoding is known, or said by a byte-order mark, or UTF-8; nothing is replaced in silence."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final, final

from kilter.data.faults import counted, gathered, quoted
from kilter.values.errors import DataError, Fault, UsageError
from kilter.values.validation import nearest

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins the same
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
COMMON: Final = (
    "utf-8",
    "utf-16",
    "cp1252",
    "latin-1",
    "cp1250",
    "cp1251",
    "shift_jis",
    "gb18030",
    "big5",
    "mac_roman",
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A file's text, how its bytes were read, and whether a byte-order mark stood before it."""

    text: str
    encoding: str
    marked: bool

    @property
    def described(self) -> str:
        """The encoding in a reader's words."""
        return self.encoding.upper() + (" with a byte-order mark" if self.marked else "")

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it: a byte-order mark decided, or was taken off."""
        return (f"a byte-order mark says {self.encoding.upper()}; it was read so",) if self.marked else ()


def decode(data: bytes, *, name: str, encoding: str | None = None) -> Decoded:
    """The text that the bytes are.

    Args:
        data: the bytes.
        name: the file's, for messages.
        encoding: what the bytes are; None takes a byte-order mark's word and else UTF-8.

    Raises:
        DataError: bytes that the encoding does not know, each faulty line with its offset, and the likely encoding.
        UsageError: there is no such encoding.
    """
    mark, marked = next(((mark, known) for mark, known in MARKS if data.startswith(mark)), (b"", "utf-8"))
    chosen = marked if encoding is None else _chosen(encoding, marked if mark else None, name)
    try:
        text = data[len(mark) :].decode(chosen)
    except UnicodeDecodeError as error:
        raise _undecodable(data, name, chosen, error.start + len(mark)) from error
    if "\0" in text:
        raise _binary(data, name, chosen)
    return Decoded(text=text, encoding=chosen, marked=bool(mark))


def _chosen(encoding: str, marked: str | None, name: str) -> str:
    """The encoding that was asked for, as far as it exists and the file's own mark does not speak against it."""
    try:
        known = codecs.lookup(encoding)
    except LookupError as error:
        raise UsageError(f"encoding {encoding!r} is unknown", legal=nearest(encoding, COMMON)) from error
    if not known._is_text_encoding:  # noqa: SLF001 - the only sign that `bytes.decode` would refuse "hex" or "zip"
        raise UsageError(f"encoding {encoding!r} does not make text of bytes", legal=nearest(encoding, COMMON))
    if marked is None:
        return known.name
    if known.name not in {marked, marked.removesuffix("-le").removesuffix("-be"), f"{marked}-sig"}:
        raise DataError(
            f"{name} begins with the byte-order mark of {marked}, and `encoding: {encoding}` is set",
            legal="the mark says what the file is",
            remedy="leave `encoding:` out",
        )
    return marked


def _undecodable(data: bytes, name: str, encoding: str, first: int) -> DataError:
    if encoding not in {"utf-8", "utf-8-sig"}:
        fault = Fault(where=name, met=f"byte 0x{data[first]:02X} at offset {first} is no {encoding}")
        return gathered(f"{name} is not {encoding} text", [fault], remedy="leave `encoding:` out, or set another one")
    likely = _likely(data)
    faults: list[Fault] = []
    offset = 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            byte, place = line[error.start], offset + error.start
            around = line[max(error.start - 12, 0) : error.start + 12].decode(likely, errors="replace").strip()
            met = f"byte 0x{byte:02X} at offset {place} of the file is not UTF-8"
            faults.append(Fault(where=f"{name}:{number}", met=met, legal=f"as {likely} it reads {quoted(around)}"))
        offset += len(line) + 1
    return gathered(
        f"{name} is not UTF-8 text ({counted(len(faults), 'line')})",
        faults,
        legal="UTF-8, or UTF-16 and UTF-32 with their byte-order mark, are read without being told",
        remedy=f"it looks like {likely}: set `encoding: {likely}` (--set data.encoding={likely}), or convert it",
    )


def _likely(data: bytes) -> str:
    """The Western encoding that the bytes may be: cp1252, unless they hold one of the five it does not know."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _binary(data: bytes, name: str, encoding: str) -> DataError:
    """Text with NUL characters: two-byte text without a mark has one at every second place, binary data anywhere."""
    place = data.index(b"\0")
    met = f"{name} holds a NUL byte at offset {place}: no {encoding} text has one"
    for number, wide in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = data[number::2]
        if half.count(0) > 0.7 * len(half):
            return DataError(met, legal=f"it looks like {wide} without its mark", remedy=f"set `encoding: {wide}`")
    return DataError(met, legal="it looks like binary data", remedy="check the file's ending and how it was written")
