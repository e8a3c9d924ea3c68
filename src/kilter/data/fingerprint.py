"""Fingerprints: the same for the same content, however it was stored."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.values.errors import DataError
from kilter.values.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fingerprint(table: Table) -> str:
    """SHA-256 of a table's content as 64 hexadecimal digits.

    Columns count by name, in any order; rows count in their order; ids, which name a file, do not count. All
    not-a-numbers are one, and so are 0 and -0.
    """
    digest = hashlib.sha256()
    for name in sorted(table.columns):
        digest.update(_framed(name.encode("utf-8", "surrogatepass")))
        digest.update(_column(table.columns[name]))
    return digest.hexdigest()


def file_fingerprint(path: str | Path) -> str:
    """SHA-256 of a file's bytes as 64 hexadecimal digits.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}", remedy="check the path") from error


def _column(column: NDArray[Any]) -> bytes:
    """A digest of one column: its kind, its shape, and its values in a form of their own."""
    kind: str = column.dtype.kind
    if kind == "O":
        content = b"".join(_framed(_written(value)) for value in column.tolist())
    elif column.ndim > 1:
        kind = column.dtype.str  # pixels of other types are other pixels
        content = np.ascontiguousarray(column).tobytes()
    else:
        numbers = column.astype(np.float64) + 0.0  # -0 becomes 0
        numbers[np.isnan(numbers)] = np.nan
        kind, content = "f", numbers.astype("<f8").tobytes()
    return hashlib.sha256(_framed(f"{kind}{column.shape}".encode()) + content).digest()


def _written(value: object) -> bytes:
    if value is None:
        return b"-"
    if isinstance(value, tuple):
        return b"t" + b"".join(_framed(_written(item)) for item in value)
    return b"s" + str(value).encode("utf-8", "surrogatepass")


def _framed(piece: bytes) -> bytes:
    """A piece after its length, so that no two sequences of pieces are one sequence of bytes."""
    return len(piece).to_bytes(8, "little") + piece
