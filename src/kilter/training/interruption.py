"""Asking a training to stop, between two steps, so that a checkpoint can be written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final

from kilter.training.events import Stop


@final
class Request:
    """Whether somebody asked to stop, and how."""

    def __init__(self) -> None:
        self.signal: str | None = None

    def stop(self) -> Stop | None:
        """The wish to stop, as a hook would say it."""
        return None if self.signal is None else Stop(f"interrupted by {self.signal}")


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM interrupts as Ctrl-C does: what `timeout` and schedulers send must leave no half-told run.

    Outside the main thread signals cannot be received, and nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)  # None: set outside Python


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Request]:
    """Inside, the first Ctrl-C (or SIGTERM) is a request; the second interrupts at once.

    Outside the main thread signals cannot be received, and the request stays empty.
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def receive(number: int, _frame: FrameType | None) -> None:
        if request.signal is not None:
            raise KeyboardInterrupt
        request.signal = signal.Signals(number).name

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: set outside Python
