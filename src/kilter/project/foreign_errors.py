"""Errors that are not kilter's own, told as one of ours where a person can do something about them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kilter.project.folder import write_text
from kilter.values.errors import Interrupted, KilterError, TrainingError

TRACE: Final = "trace.txt"


def as_ours(error: BaseException, *, stage: str, model: str, folder: Path) -> KilterError | None:
    """What a foreign error means to a person; None where it can only be a mistake of kilter's.

    An error is of the person's model when code of the model's own package was being run. Its trace is written into the
    run's folder, since a person mends by it.

    Args:
        error: what a stage raised.
        stage: in which stage.
        model: `model.name` of the project; `package.module:callable` where it is a person's own.
        folder: the run's.
    """
    if isinstance(error, KilterError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Interrupted(f"interrupted during {stage}", legal="what was done before stands in the run's folder")
    for root in _roots(error):
        place = _place_in(model, root)
        if place is not None:
            return TrainingError(
                f"the model {model!r} failed during {stage}, at {place}: {type(root).__name__}: {_first_line(root)}",
                legal=_kept(error, folder),
                remedy="mend the model, then run again",
            )
    if isinstance(error, OSError) and error.errno is not None:
        return TrainingError(
            f"{stage} could not go on: {error.filename or folder}: {error.strerror}",
            legal="what was done before stands in the run's folder",
            remedy="make room, or give access, then run the command again",
        )
    return None


def _roots(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from: Python raises another one where a generator lets StopIteration out."""
    root: BaseException | None = error
    while root is not None:
        yield root
        root = root.__cause__


def _place_in(model: str, error: BaseException) -> str | None:
    """The last line of the model's own package that was being run: `net.py:12, in forward`."""
    if ":" not in model:
        return None
    package = model.partition(":")[0].partition(".")[0]
    found = [
        f"{Path(frame.f_code.co_filename).name}:{line}, in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
    return found[-1] if found else None


def _kept(error: BaseException, folder: Path) -> str:
    """Where the trace is."""
    try:
        write_text(folder / TRACE, "".join(traceback.format_exception(error)))
    except TrainingError:
        return "the disk took no trace of it"
    return f"the trace is in {folder / TRACE}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "without a word"
