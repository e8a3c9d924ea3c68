"""Recording a training as it goes: the truth first, then its mirrors."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, final

from kilter.tracking.metrics_jsonl import MetricsLog, go_back
from kilter.tracking.tracker import Row, Tracker
from kilter.training.events import Event, Finished
from kilter.values.errors import UsageError
from kilter.values.history import History
from kilter.values.validation import nearest

MIRRORS: Final = ("tensorboard",)
LOG_NAME: Final = "metrics.jsonl"
TENSORBOARD: Final = "tensorboard"
"""The folder of that mirror."""


@final
class Recording:
    """An observer of a training that writes every row of its history, in order, each once.

    A failure of the truth ends the training; a failing mirror warns once and is dropped.

    Args:
        truth: the log that must not fail.
        mirrors: names and trackers.
        written: rows of the history that the truth already has.
        every: seconds between writes, unless a checkpoint asks for all of it. Gathering rows keeps a row at about a
            microsecond a number; a reader that follows the file sees them this much later.
    """

    def __init__(
        self, truth: Tracker, mirrors: Sequence[tuple[str, Tracker]] = (), *, written: int = 0, every: float = 1.0
    ) -> None:
        self._truth = truth
        self._mirrors = list(mirrors)
        self._history = History()
        self._written = written
        self._every = every
        self._due = time.monotonic() + every

    def see(self, event: Event, history: History) -> None:
        """Take note of the history; write when it is due."""
        self._history = history
        if isinstance(event, Finished) or time.monotonic() >= self._due:
            self._write()

    def flush(self) -> None:
        """Have all that was seen on disk."""
        self._write()
        self._truth.flush()
        self._each_mirror(lambda mirror: mirror.flush())

    def close(self) -> None:
        """Write what is left and let go of all files, also of a disk that refuses."""
        try:
            self._write()
        finally:
            try:
                self._truth.close()
            finally:
                self._each_mirror(lambda mirror: mirror.close())
                self._mirrors = []

    def _write(self) -> None:
        rows: list[Row] = list(self._history.rows(self._written)) if len(self._history) > self._written else []
        if rows:
            self._truth.write(rows)
            self._written = len(self._history)
            self._each_mirror(lambda mirror: mirror.write(rows))
        self._due = time.monotonic() + self._every

    def _each_mirror(self, action: Callable[[Tracker], None]) -> None:
        for name, mirror in tuple(self._mirrors):
            try:
                action(mirror)
            except Exception as error:  # noqa: BLE001 - whatever fails in a mirror, the training goes on
                self._mirrors.remove((name, mirror))
                warnings.warn(f"the {name} mirror failed and is dropped: {error}", stacklevel=2)


def open_recording(folder: Path, *, mirrors: Iterable[str] = (), start: int = -1) -> tuple[Recording, History]:
    """A recording into a run's folder, and what was recorded there up to step `start`, where the training goes on.

    Of a training that begins, which is at -1, nothing is left; 0 is before the first step, when the fresh model was
    evaluated.

    Raises:
        UsageError: a mirror that nobody knows.
        DataError: the log of a resumed run cannot be read.
        TrainingError: the disk refuses.
    """
    path = folder / LOG_NAME
    history = go_back(path, start)
    opened: list[tuple[str, Tracker]] = []
    for name in mirrors:
        if name not in MIRRORS:
            raise UsageError(f"tracking.mirrors has {name!r}", legal=nearest(name, MIRRORS))
        try:
            opened.append((name, _open_mirror(folder, start)))
        except (ImportError, OSError) as error:
            warnings.warn(f"the {name} mirror could not be opened and is left out: {error}", stacklevel=2)
    return Recording(MetricsLog(path), opened, written=len(history)), history


def _open_mirror(folder: Path, start: int) -> Tracker:
    from kilter.tracking.tensorboard import TensorBoardMirror

    return TensorBoardMirror(folder / TENSORBOARD, start=start)
