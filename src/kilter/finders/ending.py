"""How what was tried in a child process ended, and which endings are those of memory."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, final

import torch

from kilter.values.errors import DataError, KilterError, MissingDependency, RecipeError, TrainingError, UsageError

_OUT_OF_MEMORY: Final = (
    "can't allocate memory",  # torch's allocator of the processor
    "not enough memory",
    "out of memory",  # MPS, and CUDA where it does not come as OutOfMemoryError
    "Cannot allocate memory",  # errno 12, by whoever passes it on
    "could not create a memory object",  # oneDNN
    "can't start new thread",  # a thread's stack
    "bad_alloc",
    "ALLOC_FAILED",  # cuBLAS
)
"""Parts of the messages of a RuntimeError or OSError that say so, of torch 2.13 and what it calls."""

_KINDS: Final = {kind.__name__: kind for kind in (UsageError, DataError, RecipeError, TrainingError, MissingDependency)}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of something that was tried in a child.

    Attributes:
        answer: what it gave; None where memory ended it.
        ran_out: what ended it, in words: memory, a signal, the time it may take; empty where nothing did.
        peak: the most bytes that were seen from outside; None where nobody looked.
    """

    answer: Any = None
    ran_out: str = ""
    peak: int | None = None


def attempted(act: Callable[[], Any]) -> dict[str, Any]:
    """What a call gives, or how it failed, as JSON has it; for `judged` in another process."""
    try:
        return {"answer": act()}
    except KilterError as error:
        summary = error.summary
        return {"kilter": type(error).__name__, "said": [summary.met, summary.legal, summary.remedy]}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
        first = " ".join(str(error).strip().splitlines()[:1])
        said = f"{type(error).__name__}: {first}" if first else type(error).__name__
        if ran_out_of_memory(error):
            return {"memory": said}
        return {"error": said, "trace": traceback.format_exc()}


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that there is no memory left.

    >>> ran_out_of_memory(MemoryError()), ran_out_of_memory(ValueError("out of memory"))
    (True, False)
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError | OSError) and any(part in str(error) for part in _OUT_OF_MEMORY)


def judged(told: dict[str, Any] | None, *, code: int, peak: int | None, doing: str) -> Ended:
    """How a child ended.

    Args:
        told: by itself; None where it ended without a word.
        code: its exit code; less than 0 is the signal that ended it.
        peak: the most bytes that it was seen to hold.
        doing: what it was doing, for messages.

    Raises:
        TrainingError: the person's code raised an error that is not one of memory.
        KilterError: what it raised.
    """
    if told is None:
        if code >= 0:
            return Ended(ran_out=f"it ended with exit code {code} and without a word", peak=peak)
        return Ended(ran_out=f"killed by {_name(-code)}", peak=peak)
    if "memory" in told:
        return Ended(ran_out=told["memory"], peak=peak)
    if "kilter" in told:
        met, legal, remedy = told["said"]
        raise _KINDS.get(told["kilter"], TrainingError)(met, legal=legal, remedy=remedy)
    if "error" in told:
        raise TrainingError(
            f"{doing} raised {told['error']}",
            legal="it trains as it is, whatever the batch size",
            remedy=f"mend what raised it\n{told['trace'].rstrip()}\n",
        )
    return Ended(answer=told["answer"], peak=peak)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
