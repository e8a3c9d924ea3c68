"""A process in which a subject is tried: it loads torch and the subject once, and forks a child for each try.

`python -m kilter.finders.child FD FORKING` is started by `kilter.finders.nursery`, which packs the subject into its
standard input, and tells over the connection with the number FD what to try. Where a GPU may be used, which does not
survive a fork, FORKING is 0: one thing is tried in the process itself.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, BinaryIO, TypeAlias

import cloudpickle
import torch

from kilter.finders.ending import Ended, attempted
from kilter.finders.forking import Watch, in_fork, quiet_and_expendable
from kilter.finders.usage import give_back, held_alone
from kilter.values.batch_suggestion import Counted
from kilter.values.program import Program

Act: TypeAlias = "Callable[..., Any]"
"""A function of a module: (subject, **arguments) to what JSON can hold; arguments are such, too."""


def named(act: Act) -> str:
    """An act as it is named to another process."""
    return f"{act.__module__}:{act.__qualname__}"


def main(connection: Connection, packed: BinaryIO, *, forking: bool) -> None:
    """Load what is packed, then try what is asked for, until nobody asks any more."""
    told = json.loads(connection.recv_bytes())
    sys.path[:] = told["path"]
    torch.set_default_dtype(getattr(torch, told["dtype"]))
    torch.set_num_threads(1)  # no pool of threads before a fork
    try:
        subject = cloudpickle.load(packed)
    except Exception:  # noqa: BLE001 - code that is not found here, or does not bear being moved
        _say(connection, {"unloadable": traceback.format_exc(limit=-1)})
        return
    if isinstance(subject, Program):
        import_module("torch._dynamo")  # seconds, with torch's own optimizers: once, before children are forked
    give_back()
    _say(connection, {"holds": {str(counts): held_alone(counts) for counts in Counted}})
    while True:
        try:
            asked = json.loads(connection.recv_bytes())
        except EOFError:
            return
        act: Act = _found(asked["act"])
        call = partial(act, subject, **asked["arguments"])
        if not forking:
            torch.set_num_threads(asked["threads"])
            _say(connection, attempted(call))
            return
        watch = Watch(asked["limit"], Counted(asked["counts"]), asked["seconds"])
        _say(connection, _forked(call, watch, doing=asked["doing"], threads=asked["threads"]))


def _forked(call: Callable[[], Any], watch: Watch, *, doing: str, threads: int) -> dict[str, Any]:
    told = attempted(lambda: _as_json(in_fork(call, watch, doing=doing, threads=threads)))
    answer: dict[str, Any] = told.get("answer", told)
    return answer


def _as_json(ended: Ended) -> dict[str, Any]:
    return {"ended": [ended.answer, ended.ran_out, ended.peak]}


def _found(name: str) -> Act:
    module, _, path = name.partition(":")
    act: Any = import_module(module)
    for part in path.split("."):
        act = getattr(act, part)
    found: Act = act
    return found


def _say(connection: Connection, what: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(what).encode())


if __name__ == "__main__":
    quiet_and_expendable()
    main(Connection(int(sys.argv[1])), sys.stdin.buffer, forking=sys.argv[2] == "1")
    os._exit(0)
