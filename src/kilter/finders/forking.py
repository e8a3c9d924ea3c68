"""Something tried in a forked child, under a watch that ends it when it holds too much."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import torch

from kilter.finders.ending import Ended, attempted, judged
from kilter.finders.usage import held
from kilter.values.batch_suggestion import Counted

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

LOOKING: Final = 0.004
"""Seconds between looks at what a child holds: a processor fills some tens of MB in it."""


class Watch(NamedTuple):
    """What a child may take.

    Attributes:
        limit: bytes; None lets it take what it will.
        counts: in which unit.
        seconds: by the clock; None lets it go on.
    """

    limit: int | None = None
    counts: Counted = Counted.RESIDENT
    seconds: float | None = None


def in_fork(act: Callable[[], Any], watch: Watch, *, doing: str, threads: int = 1) -> Ended:
    """Try something in a forked child; its answer must be such that JSON can hold it.

    Args:
        act: what is tried; it may spoil whatever it likes.
        watch: what it may take.
        doing: what it does, for messages.
        threads: of torch in the child. Where this process's torch has computed on several, it is 1: threads do not
            survive a fork, and who waits for them waits forever.

    Raises:
        TrainingError: the person's code raised an error that is not one of memory.
        KilterError: what it raised.
    """
    receiving, sending = Pipe(duplex=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on, for forks of processes with threads
        process = os.fork()
    if process == 0:
        _in_child(act, sending, threads)
    sending.close()
    with receiving:
        return watched(process, receiving, watch, doing=doing)


def watched(process: int, receiving: Connection, watch: Watch, *, doing: str) -> Ended:
    """Wait for a child's word and its end; kill it where it takes too much, or too long.

    Raises:
        TrainingError: the person's code raised an error that is not one of memory.
        KilterError: what it raised.
    """
    peak: int | None = None
    parent, until = os.getppid(), time.monotonic() + (watch.seconds or float("inf"))
    looks = watch.limit is not None and watch.counts is not Counted.DEVICE
    while not receiving.poll(LOOKING):
        holds = held(watch.counts, process) if looks else None
        if holds is not None:
            peak = max(peak or 0, holds)
        said = ""
        if holds is not None and watch.limit is not None and holds > watch.limit:
            said = f"killed when it held {holds / 2**20:,.0f} MiB"
        elif time.monotonic() > until:
            said = f"killed after {watch.seconds:g} s"
        elif os.getppid() != parent:
            said = "killed, as whoever asked is gone"
        if said:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return Ended(ran_out=said, peak=peak)
    told: dict[str, Any] | None = None
    with suppress(EOFError, OSError):
        told = json.loads(receiving.recv_bytes())
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return judged(told, code=code, peak=peak, doing=doing)


def _in_child(act: Callable[[], Any], sending: Connection, threads: int) -> NoReturn:
    """Do it, tell of it, and end without what Python does at its end: that is the parent's."""
    try:
        quiet_and_expendable()
        torch.set_num_threads(threads)
        sending.send_bytes(json.dumps(attempted(act)).encode())
        sending.close()
    except BaseException:  # noqa: BLE001 - nothing may go on in a child as if it were the parent
        os._exit(1)
    os._exit(0)


def quiet_and_expendable() -> None:
    """What this process prints is lost, and the system ends it first where memory runs out, not the one that asked."""
    sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until it ends
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "utf-8")
