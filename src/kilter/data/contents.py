"""The bytes of a file, unpacked where it is compressed."""

from __future__ import annotations

import zlib
from difflib import get_close_matches
from pathlib import Path

from kilter.values.errors import DataError

GZIP = 31  # zlib's window bits for a gzip header and trailer
PIECE = 2**24  # bytes unpacked at once
LARGEST = 2**33  # bytes unpacked at most
SUSPICIOUS = 2**28  # bytes from which on a file must not have swollen beyond reason
DENSEST = 200  # times its size that a text unpacks to at most; repetitive tables reach 20 to 50


def read_bytes(path: Path, *, header_lines: int = 0) -> bytes:
    """What a file holds; a `.gz` file is unpacked.

    Args:
        path: the file.
        header_lines: lines that are no rows, for the count of rows that a truncated file still holds.

    Raises:
        DataError: there is no such file, it cannot be read, it is empty, or its compressed data are damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise _missing(path) from error
    except IsADirectoryError as error:
        raise DataError(
            f"{path} is a folder", legal="one file a split is legal", remedy="name the file in it"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path} cannot be read: {reason}", remedy="check the path and its permissions") from error
    if not data:
        raise DataError(f"{path} is empty (0 bytes)", legal="rows of data are needed", remedy="write the file again")
    if path.suffix == ".gz":
        data = _unpacked(data, path, header_lines)
        if not data:
            raise DataError(f"{path} holds a compressed empty file", remedy="write the file again")
    return data


def _unpacked(packed: bytes, path: Path, header_lines: int) -> bytes:
    """The members of a gzip file (RFC 1952), one after the other."""
    pieces: list[bytes] = []
    whole = len(packed)
    while packed:
        stream = zlib.decompressobj(GZIP)
        try:
            pieces.append(stream.decompress(packed, PIECE))
            while stream.unconsumed_tail and not stream.eof:
                pieces.append(stream.decompress(stream.unconsumed_tail, PIECE))
                _refuse_bomb(path, whole, unpacked=sum(map(len, pieces)))
        except zlib.error as error:
            if not pieces and not packed.startswith(b"\x1f\x8b"):
                raise DataError(
                    f"{path} is no gzip file", remedy="take the ending .gz off its name, or compress it"
                ) from error
            raise DataError(
                f"{path} is damaged: {error}", remedy="copy or download the file again; nothing of it was used"
            ) from error
        if not stream.eof:
            lines = b"".join(pieces).count(b"\n")
            rows = max(lines - header_lines, 0)
            raise DataError(
                f"{path} is truncated: the compressed data end early, {rows:,} whole rows could be read",
                legal="the whole file is needed, since half of it would be another data set",
                remedy="copy or download the file again",
            )
        packed = stream.unused_data.lstrip(b"\0")  # tape padding between members is legal
    return b"".join(pieces)


def _refuse_bomb(path: Path, packed: int, *, unpacked: int) -> None:
    """Raise where a small file swells without end."""
    if unpacked > LARGEST or (unpacked > SUSPICIOUS and unpacked > DENSEST * packed):
        raise DataError(
            f"{path} has {packed:,} bytes and swells to more than {unpacked:,}",
            legal=f"at most {DENSEST} times its size, and {LARGEST:,} bytes in all",
            remedy="unpack it yourself if it is what it should be",
        )


def _missing(path: Path) -> DataError:
    folder = path.parent
    if not folder.is_dir():
        return DataError(f"{path} does not exist, nor does the folder {folder}", remedy="check the path")
    names = [entry.name for entry in folder.iterdir()]
    close = get_close_matches(path.name, names, n=1, cutoff=0.6)
    remedy = f"did you mean {str(folder / close[0])!r}?" if close else "check the path"
    return DataError(f"{path} does not exist", remedy=remedy)
