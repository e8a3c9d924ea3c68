"""Files to which whole lines are appended, and which are cut back where a training is resumed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import final

from kilter.values.errors import TrainingError


@final
class Appended:
    """A file that grows by whole lines.

    Raises:
        TrainingError: the disk refuses, here and in all methods; lines that are on disk stay whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Unbuffered, so that no half of a line waits for its other half.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise _refused(path, error) from error

    def write(self, lines: str) -> None:
        """Append lines; the operating system has them, a power cut may still take them."""
        if not lines:
            return
        rest = memoryview(lines.encode())
        whole = os.fstat(self._file.fileno()).st_size
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            with suppress(OSError):  # half a line would stand in the middle, were there room again at the next attempt
                self._file.truncate(whole)
            raise _refused(self._path, error) from error

    def flush(self) -> None:
        """Have all lines on disk."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _refused(self._path, error) from error

    def close(self) -> None:
        """Flush and close; it is closed even where flushing fails."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()


def rewrite(path: Path, lines: Iterable[str]) -> None:
    """Have these lines in a file in place of what it said.

    Raises:
        TrainingError: the disk refuses; the file stays as it was.
    """
    temporary = path.with_name(f".{path.name}.writing")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"{path} could not be written: {error.strerror or error}",
        legal="what was recorded before is untouched",
        remedy="make room, then go on with `kilter train --resume`",
    )
