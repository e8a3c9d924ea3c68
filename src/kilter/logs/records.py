"""TFRecord framing: length, checksum of the length, data, checksum of the data; many checksums at once."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEADER: Final = struct.Struct("<QI")
_FOOTER: Final = struct.Struct("<I")
_POLYNOMIAL: Final = 0x82F63B78
"""Castagnoli's, bits reversed (RFC 3720, appendix B.4)."""
_MASK: Final = 0xA282EAD8
"""Added to the rotated checksum, so that a checksum of checksums is none itself (TensorFlow, `lib/hash/crc32c.h`)."""
_LARGEST_CHECKED: Final = 4096
"""Bytes of data. A number's record is far smaller; a picture's checksum would cost more than all numbers together."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What stands in a file of records.

    Attributes:
        data: of each sound record.
        damaged: how many records' checksums do not hold.
        rest: bytes behind the last whole record, of one that was cut short or cannot be found.
    """

    data: tuple[bytes, ...]
    damaged: int = 0
    rest: int = 0


def read_records(content: bytes) -> Records:
    """The records of a file's content; where the checksum of a length does not hold, nothing behind it can be found.

    >>> read_records(framed(b"one") + framed(b"two")[:-1])
    Records(data=(b'one',), damaged=0, rest=18)
    """
    heads: list[int] = []
    ends: list[int] = []
    at = 0
    while at + _HEADER.size <= len(content):
        end = at + _HEADER.size + int.from_bytes(content[at : at + 8], "little") + _FOOTER.size
        if end > len(content):
            break
        heads.append(at)
        ends.append(end)
        at = end
    starts = np.array(heads, np.int64)
    sizes = np.array(ends, np.int64) - starts - _HEADER.size - _FOOTER.size
    raw = np.frombuffer(content, np.uint8)
    found = _stored(raw, starts + 8) == _checksums(raw, starts, np.full_like(starts, 8))
    if not found.all():
        starts, sizes = starts[: found.argmin()], sizes[: found.argmin()]
    starts = starts + _HEADER.size
    checked = sizes <= _LARGEST_CHECKED
    sound = np.ones(len(starts), np.bool_)
    sound[checked] = _stored(raw, (starts + sizes)[checked]) == _checksums(raw, starts[checked], sizes[checked])
    spans = zip(starts[sound].tolist(), sizes[sound].tolist(), strict=True)
    reached = int(starts[-1] + sizes[-1]) + _FOOTER.size if len(starts) else 0
    return Records(
        data=tuple(content[start : start + size] for start, size in spans),
        damaged=int((~sound).sum()),
        rest=len(content) - reached,
    )


def framed(data: bytes) -> bytes:
    """Data as a record of such a file."""
    length = len(data).to_bytes(8, "little")
    return b"".join((length, _footer(length), data, _footer(data)))


def _footer(data: bytes) -> bytes:
    raw = np.frombuffer(data, np.uint8)
    return _FOOTER.pack(int(_checksums(raw, np.zeros(1, np.int64), np.array([len(data)]))[0]))


def _stored(raw: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(raw[at[:, None] + np.arange(4)]).view("<u4").reshape(-1).astype(np.uint32)


def _checksums(raw: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Masked CRC-32C of each span; spans of one size go through together, byte by byte."""
    table = _table()
    sums = np.empty(len(starts), np.uint32)
    for size in np.unique(sizes).tolist():
        those = np.flatnonzero(sizes == size)
        state = np.full(len(those), 0xFFFFFFFF, np.uint32)
        at = starts[those]
        for offset in range(size):
            state = table[(state ^ raw[at + offset]) & np.uint32(0xFF)] ^ (state >> np.uint32(8))
        sums[those] = ~state
    return ((sums >> np.uint32(15)) | (sums << np.uint32(17))) + np.uint32(_MASK)


@cache
def _table() -> NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & np.uint32(1), (table >> np.uint32(1)) ^ np.uint32(_POLYNOMIAL), table >> np.uint32(1))
    return table.astype(np.uint32)
