"""samples.jsonl: what the model said of the same few examples at each evaluation, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kilter.tracking.appending import Appended, rewrite
from kilter.training.events import Evaluated, Event
from kilter.values.errors import DataError
from kilter.values.json_form import dumps, from_json
from kilter.values.sample import Sampled

if TYPE_CHECKING:
    from kilter.values.history import History

SAMPLES: Final = "samples.jsonl"


@final
class SamplesLog:
    """An observer of a training that writes down the examples that evaluations show; no file where they show none.

    Raises:
        TrainingError: the disk refuses, in all methods; lines that are on disk stay whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Appended | None = None

    def see(self, event: Event, _history: History) -> None:
        """Write what an evaluation shows."""
        if isinstance(event, Evaluated) and event.samples:
            self._file = self._file or Appended(self._path)
            self._file.write(_line(Sampled(step=event.step, samples=event.samples)))

    def flush(self) -> None:
        """Have all lines on disk."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        if self._file is not None:
            self._file.close()


def read_samples(path: Path) -> tuple[Sampled, ...]:
    """The examples of a samples.jsonl, in the order in which they were written; none where there is no such file.

    A last line that a kill has cut short is left out.

    Raises:
        DataError: the file cannot be read, or lines before the last say something else.
    """
    if not path.exists():
        return ()
    try:
        *lines, _ = path.read_text("utf-8", errors="replace").split("\n")  # what no line end follows was cut short
        return from_json(tuple[Sampled, ...], [json.loads(line) for line in lines])
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is broken: {str(error).splitlines()[0]}",
            legal="lines as kilter wrote them",
            remedy="restore it, or delete it: nothing but the report reads it",
        ) from error


def go_back(path: Path, step: int) -> tuple[Sampled, ...]:
    """Cut a samples.jsonl back to what was shown up to a step; a resumed run writes on from there.

    Raises:
        DataError: it cannot be read.
        TrainingError: the disk refuses; it stays as it was.
    """
    kept = tuple(sampled for sampled in read_samples(path) if sampled.step <= step)
    if path.exists():
        rewrite(path, map(_line, kept))
    return kept


def _line(sampled: Sampled) -> str:
    return dumps(sampled) + "\n"
