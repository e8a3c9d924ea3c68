"""A mirror for TensorBoard: an event file beside the truth. It needs no torch."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, final

from kilter.tracking.tracker import Row


@final
class TensorBoardMirror:
    """Writes scalars into a folder that `tensorboard --logdir` shows.

    Args:
        folder: made where it is missing; a resumed run adds a file to it.
        start: steps that were made before, or -1 where nothing was, not even an evaluation; TensorBoard forgets what
            an earlier file says beyond them.

    Raises:
        ImportError: tensorboard is not installed.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path, *, start: int = -1) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event: Any = event_pb2.Event
        self._summary: Any = summary_pb2.Summary
        folder.mkdir(parents=True, exist_ok=True)
        # The name's parts are what TensorBoard looks for and sorts by; two mirrors of one second differ in the last.
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{time.time_ns()}"
        self._file = (folder / name).open("wb")
        self._records: Any = RecordWriter(self._file)
        self._add(self._event(wall_time=time.time(), file_version="brain.Event:2"))
        if start >= 0:
            session = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
            self._add(self._event(wall_time=time.time(), step=start + 1, session_log=session))

    def write(self, rows: Iterable[Row]) -> None:
        """Scalars of each row at its step, under their names with `/` for the first dot, so that they group."""
        now = time.time()
        for step, values in rows:
            scalars = [self._summary.Value(tag=_tag(name), simple_value=value) for name, value in values.items()]
            self._add(self._event(wall_time=now, step=step, summary=self._summary(value=scalars)))

    def flush(self) -> None:
        """Have all events where TensorBoard reads them."""
        self._records.flush()

    def close(self) -> None:
        """Flush and close."""
        self._records.close()

    def _add(self, event: Any) -> None:
        self._records.write(event.SerializeToString())


def _tag(name: str) -> str:
    return name.replace(".", "/", 1)
