"""Child processes in which a subject is tried, so that whatever happens to them happens to nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from multiprocessing import Pipe
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, final

import cloudpickle
import torch

from kilter.finders.child import Act, named
from kilter.finders.ending import Ended, judged
from kilter.finders.forking import Watch, in_fork, watched
from kilter.finders.usage import give_back, held, held_alone
from kilter.values.batch_suggestion import Counted
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import TracebackType

    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program

SHARE: Final = 0.1
"""Of the memory that is left, what a second copy of torch and of the subject may take."""


@final
class Nursery:
    """Children that try a subject: what they do to model, optimizer, data and random state is theirs.

    A process of its own loads torch and the subject once, and forks a child for each try: with as many threads as
    this process has, and without its GPU's state. Where a GPU is there, each try has a process afresh. Where the
    subject cannot be moved to another process, or a copy of it would take too much memory, children are forked from
    this process and have one thread.

    Args:
        subject: what is tried.
        room: bytes of memory that are left for all processes; None where that is not known.
    """

    def __init__(self, subject: Pipeline | Program, *, room: int | None = None) -> None:
        self._subject = subject
        self._forking = not (torch.cuda.is_available() or torch.backends.mps.is_available())
        self._most = None if room is None or not self._forking else int(room * SHARE)
        self._threads = torch.get_num_threads()
        give_back()
        self._alone = {counts: held_alone(counts) for counts in Counted}
        self._packed: BinaryIO | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._beyond: dict[Counted, int] = {}

    def __enter__(self) -> Self:
        self._packed = _packed(self._subject, self._most)
        give_back()
        if self._packed is not None and not self._started():
            self._stop()
            self._packed.close()
            self._packed = None
        if self._packed is None:
            self._beyond = {}
            if not hasattr(os, "fork"):
                raise UsageError(
                    "what is to be trained cannot be moved to another process",
                    legal="on a system that cannot fork, whatever cloudpickle can write",
                    remedy="make what is open or locked (files, connections, threads) inside of the factory",
                )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._packed is not None:
            self._packed.close()

    @property
    def moved(self) -> bool:
        """Whether children come from another process; if not, they are forked from this one, with one thread."""
        return self._packed is not None

    @property
    def held(self) -> int:
        """Resident bytes of the process that children come from."""
        return max(0, (held(Counted.RESIDENT) or 0) - self.beyond(Counted.RESIDENT))

    def beyond(self, counts: Counted) -> int:
        """Bytes that this process holds and a child would not: they count where the training will be in this one."""
        return 0 if counts is Counted.DEVICE else self._beyond.get(counts, 0)

    def call(
        self,
        act: Act,
        *,
        doing: str,
        limit: int | None = None,
        counts: Counted = Counted.RESIDENT,
        seconds: float | None = None,
        **arguments: Any,
    ) -> Ended:
        """Have a child do something with the subject.

        Args:
            act: a function of a module: (subject, **arguments) to what JSON can hold.
            doing: what it does, for messages.
            limit: bytes at which the child is killed; None lets it take what it will.
            counts: in which unit the limit is.
            seconds: after which it is killed; None lets it go on.
            arguments: of the act, such as JSON can hold.

        Raises:
            TrainingError: the person's code raised an error that is not one of memory.
            KilterError: what it raised.
        """
        watch = Watch(limit, counts, seconds)
        if self._packed is None:
            return in_fork(partial(act, self._subject, **arguments), watch, doing=doing)
        if self._connection is None:
            self._started()
        connection, process = self._connection, self._process
        if connection is None or process is None:
            return Ended(ran_out="no process could be started")
        asked = {"act": named(act), "arguments": arguments, "threads": self._threads, "doing": doing}
        asked |= {"limit": limit, "counts": str(counts), "seconds": seconds}
        try:
            connection.send_bytes(json.dumps(asked).encode())
            if not self._forking:
                return watched(process.pid, connection, watch, doing=doing)
            told = json.loads(connection.recv_bytes())
        except (EOFError, OSError):
            self._stop()
            return Ended(ran_out="the process that forks children was killed")
        finally:
            if not self._forking:
                self._stop()
        if "ended" in told:
            answer, ran_out, peak = told["ended"]
            return Ended(answer=answer, ran_out=ran_out, peak=peak)
        return judged(told, code=0, peak=None, doing=doing)

    def _started(self) -> bool:
        """Start the other process; whether the subject arrived there, within the memory that it may take."""
        if self._packed is None:
            return False
        self._packed.seek(0)
        here, there = Pipe()
        command = [sys.executable, "-m", "kilter.finders.child", str(there.fileno()), "1" if self._forking else "0"]
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            command,
            pass_fds=(there.fileno(),),
            stdin=self._packed,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        there.close()
        self._connection = here
        dtype = str(torch.get_default_dtype()).removeprefix("torch.")
        try:
            here.send_bytes(json.dumps({"path": sys.path, "dtype": dtype}).encode())
            told = json.loads(here.recv_bytes())
        except (EOFError, OSError):
            return False
        holds = told.get("holds")
        if holds is None or (self._most is not None and holds[Counted.RESIDENT] > self._most):
            return False
        self._beyond = {counts: max(0, self._alone[counts] - holds[counts]) for counts in Counted}
        return True

    def _stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None


def _packed(subject: Any, most: int | None) -> BinaryIO | None:
    """A subject in a file for another process; None where it cannot be written, or is too large."""
    file: Any = TemporaryFile()  # noqa: SIM115 - whoever asked closes it
    try:
        cloudpickle.dump(subject, _Sink(file, most))
        file.flush()
    except Exception:  # noqa: BLE001 - whatever a person's objects raise when they are to be written
        file.close()
        return None
    packed: BinaryIO = file
    return packed


@final
class _Sink:
    """Writes into a file so many bytes and no more."""

    def __init__(self, file: BinaryIO, most: int | None) -> None:
        self._file, self._most = file, most

    def write(self, data: Any) -> int:
        """Write all of it.

        Raises:
            OverflowError: it would be too much.
        """
        if self._most is not None and self._file.tell() + memoryview(data).nbytes > self._most:
            raise OverflowError
        return self._file.write(data)
