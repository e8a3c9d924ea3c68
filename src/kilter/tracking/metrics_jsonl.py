"""Writing metrics.jsonl, the truth about a training: one JSON object a row, appended, never changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import final

from kilter.logs.metrics_jsonl import read_log
from kilter.tracking.tracker import Row
from kilter.values.errors import TrainingError
from kilter.values.history import History
from kilter.values.json_form import dumps


@final
class MetricsLog:
    """A metrics.jsonl that is being written.

    Raises:
        TrainingError: the disk refuses, here and in all methods; rows that are on disk stay whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Unbuffered, so that no half of a row waits for its other half.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise _refused(path, error) from error

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows; the operating system has them, a power cut may still take them."""
        lines = "".join([_line(step, values) for step, values in rows])
        if not lines:
            return
        rest = memoryview(lines.encode())
        whole = os.fstat(self._file.fileno()).st_size
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            with suppress(OSError):  # half a row would stand in the middle, were there room again at the next attempt
                self._file.truncate(whole)
            raise _refused(self._path, error) from error

    def flush(self) -> None:
        """Have all rows on disk."""
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


def go_back(path: Path, step: int) -> History:
    """Cut a metrics.jsonl back to what was recorded up to a step; a resumed run writes on from there.

    Raises:
        DataError: the log cannot be read.
        TrainingError: the disk refuses; the log stays as it was.
    """
    history = read_log(path).history.until(step) if path.exists() else History()
    temporary = path.with_name(f".{path.name}.writing")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.writelines(_line(at, values) for at, values in history.rows())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    return history


def _line(step: int, values: object) -> str:
    row = {"step": step, **values}  # type: ignore[dict-item]
    try:
        return json.dumps(row, allow_nan=False, separators=(", ", ": ")) + "\n"
    except ValueError:  # numbers that are none
        return dumps(row) + "\n"


def _refused(path: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"{path} could not be written: {error.strerror or error}",
        legal="what was recorded before is untouched",
        remedy="make room, then go on with `kilter train --resume`",
    )
