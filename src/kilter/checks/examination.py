"""Running a family of checks over one subject: each alone, each with a time limit."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, final

from kilter.checks.check import Check, Subject
from kilter.values.errors import KilterError
from kilter.values.finding import Examination, Finding, Skipped, in_order

OUR_MISTAKE: Final = "a mistake of kilter's own"
"""What is said of a check that died of itself; tests look for it."""


@final
class OutOfTime(BaseException):
    """A time limit was met; not an Exception, so that nobody's own handler swallows it."""


def examine(checks: Iterable[Check[Subject]], subject: Subject, *, seconds_each: float = 60.0) -> Examination:
    """What these checks say of the subject: findings in order, what was skipped, what each cost.

    Args:
        checks: the family, or part of it.
        subject: what they look at.
        seconds_each: time limit of a check; one that needs longer is skipped and says so. It holds in the main
            thread only, where a signal can interrupt.
    """
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    seconds: dict[str, float] = {}
    for check in checks:
        began = time.perf_counter()
        try:
            with time_limit(seconds_each):
                for said in check.examine(subject):
                    (skipped if isinstance(said, Skipped) else findings).append(said)  # type: ignore[arg-type]
        except OutOfTime:
            skipped.append(Skipped(name=check.name, reason=f"it took longer than {seconds_each:g} s"))
        except KilterError:
            raise
        except Exception as error:  # noqa: BLE001 - one that dies takes no other with it
            mistake = f"{OUR_MISTAKE}, {type(error).__name__}: {error}; please report it"
            skipped.append(Skipped(name=check.name, reason=mistake))
        seconds[check.name] = time.perf_counter() - began
    return Examination(findings=in_order(findings), skipped=tuple(skipped), seconds=seconds)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Inside, so many seconds may pass; `OutOfTime` interrupts what takes longer. It holds in the main thread only."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
