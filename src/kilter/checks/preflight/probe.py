"""What a probe of a pipeline is: it runs a person's code, and leaves everything as it found it."""

from __future__ import annotations

import traceback
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

import torch

from kilter.checks.check import Check
from kilter.engine.seeding import left_as_found
from kilter.values.errors import KilterError
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

_OURS: Final = tuple(str(Path(__file__).parents[2] / room) for room in ("checks", "engine"))
_TORCH: Final = str(Path(torch.__file__).parent)


@final
class PersonsCodeFailed(Exception):  # noqa: N818 - it is caught here and becomes a finding
    """Code of the pipeline (its model, source, task or optimizer) raised an error under a probe."""

    def __init__(self, doing: str, error: Exception) -> None:
        super().__init__(doing)
        self.doing = doing
        self.error = error


class Probe(Check[Pipeline]):
    """A check that runs a pipeline: random states are as before, and errors of the person's code are findings."""

    @abstractmethod
    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        """What is found; models and optimizers are made afresh, so that nothing of the pipeline changes."""

    @final
    def examine(self, subject: Pipeline) -> Iterator[Finding | Skipped]:
        said: list[Finding | Skipped] = []
        with left_as_found():
            try:
                said.extend(self.probe(subject))
            except PersonsCodeFailed as failed:
                said.append(failure(failed))
        yield from said


@contextmanager
def persons_code(doing: str) -> Iterator[None]:
    """Errors inside are those of the person's code: what was being done goes with them."""
    try:
        yield
    except (KilterError, PersonsCodeFailed):
        raise
    except Exception as error:
        raise PersonsCodeFailed(doing, error) from error


def failure(failed: PersonsCodeFailed) -> Finding:
    """An error under a probe as a finding: the same error is the same finding, whichever probe met it."""
    frames = traceback.extract_tb(failed.error.__traceback__)
    outside = [frame for frame in frames if not frame.filename.startswith(_OURS)] or list(frames)
    theirs = [frame for frame in outside if not frame.filename.startswith(_TORCH)] or outside
    place = theirs[-1]
    message = str(failed.error).strip().split("\n")[0]
    return Finding(
        code="P100",
        name="probe-failed",
        severity=Severity.FAILURE,
        strength=Strength.PROVED,
        seen=f"`{place.name}` raised {type(failed.error).__name__}: {message or 'without a word'}.",
        advice="Mend what raised it; the trace says where.",
        where=(f"{Path(place.filename).name}:{place.lineno}",),
        evidence={"trace": [f"{Path(f.filename).name}:{f.lineno} {f.name}: {f.line}" for f in outside[-8:]]},
    )
