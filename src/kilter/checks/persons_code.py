"""Errors of the person's code under a probe: they become findings."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, final

import torch

from kilter.values.errors import KilterError
from kilter.values.finding import Finding, Severity, Strength

_OURS: Final = tuple(str(Path(__file__).parents[1] / room) for room in ("checks", "engine"))
_TORCH: Final = str(Path(torch.__file__).parent)


_TELLING: Final = (
    ("does not require grad", ("loss_detached", "detached_graph")),
    ("backward through the graph a second time", ("missing_zero_grad", "detached_graph")),
    ("is out of bounds", ("labels_out_of_range",)),
    ("index out of range in self", ("vocabulary_mismatch", "labels_out_of_range")),
    ("Expected more than 1 value per channel", ("bn_tiny_batch",)),
)
"""Parts of torch's messages (2.13) that tell a cause."""


@final
class PersonsCodeFailed(Exception):  # noqa: N818 - it is caught here and becomes a finding
    """Code of the person (a model, source, task, optimizer, step) raised an error under a probe."""

    def __init__(self, doing: str, error: Exception) -> None:
        super().__init__(doing)
        self.doing = doing
        self.error = error


@contextmanager
def persons_code(doing: str) -> Iterator[None]:
    """Errors inside are those of the person's code: what was being done goes with them."""
    try:
        yield
    except (KilterError, PersonsCodeFailed):
        raise
    except Exception as error:
        raise PersonsCodeFailed(doing, error) from error


def in_a_line(failed: PersonsCodeFailed) -> str:
    """What was being done, and what was raised."""
    message = str(failed.error).strip().split("\n")[0]
    return f"{failed.doing.lower()} raised {type(failed.error).__name__}: {message or 'without a word'}"


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
        causes=next((causes for part, causes in _TELLING if part in message), ()),
        where=(f"{Path(place.filename).name}:{place.lineno}",),
        evidence={"trace": [f"{Path(f.filename).name}:{f.lineno} {f.name}: {f.line}" for f in outside[-8:]]},
    )
