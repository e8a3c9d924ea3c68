"""Writing metrics.jsonl, the truth about a training: one JSON object a row, appended, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import final

from kilter.logs.metrics_jsonl import read_log
from kilter.tracking.appending import Appended, rewrite
from kilter.tracking.tracker import Row
from kilter.values.history import History
from kilter.values.json_form import dumps


@final
class MetricsLog:
    """A metrics.jsonl that is being written.

    Raises:
        TrainingError: the disk refuses, here and in all methods; rows that are on disk stay whole.
    """

    def __init__(self, path: Path) -> None:
        self._file = Appended(path)

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows; the operating system has them, a power cut may still take them."""
        self._file.write("".join([_line(step, values) for step, values in rows]))

    def flush(self) -> None:
        """Have all rows on disk."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close; it is closed even where flushing fails."""
        self._file.close()


def go_back(path: Path, step: int) -> History:
    """Cut a metrics.jsonl back to what was recorded up to a step; a resumed run writes on from there.

    Raises:
        DataError: the log cannot be read.
        TrainingError: the disk refuses; the log stays as it was.
    """
    history = read_log(path).history.until(step) if path.exists() else History()
    rewrite(path, (_line(at, values) for at, values in history.rows()))
    return history


def _line(step: int, values: object) -> str:
    row = {"step": step, **values}  # type: ignore[dict-item]
    try:
        return json.dumps(row, allow_nan=False, separators=(", ", ": ")) + "\n"
    except ValueError:  # numbers that are none
        return dumps(row) + "\n"
