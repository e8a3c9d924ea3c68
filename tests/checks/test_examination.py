"""A family over one subject: each check alone, each with its time, findings in order."""

import signal
import threading
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest

from kilter.checks.check import Check
from kilter.checks.examination import OUR_MISTAKE, examine
from kilter.values.errors import UsageError
from kilter.values.finding import Finding, Severity, Skipped


@dataclass(frozen=True)
class Says(Check[int]):
    """Says what it was told to say."""

    code: ClassVar[str] = "D999"
    name: ClassVar[str] = "says"
    said: tuple = ()

    def examine(self, subject):
        yield from self.said


@dataclass(frozen=True)
class Sleeps(Check[int]):
    """Finds something, and then never ends."""

    code: ClassVar[str] = "D998"
    name: ClassVar[str] = "sleeps"

    def examine(self, subject):
        yield finding("before")
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001 - a probe may not swallow its own end
            time.sleep(60)


def finding(name, severity=Severity.WARNING, follows=()):
    return Finding(code="D999", name=name, severity=severity, seen="Seen.", advice="Do.", follows=follows)


def test_findings_come_in_their_order_and_consequences_are_left_out():
    family = (
        Says(said=(finding("small", Severity.NOTE), finding("echo", follows=("large",)))),
        Says(said=(Skipped(name="says", reason="no"), finding("large", Severity.FAILURE))),
    )
    examination = examine(family, 0)
    assert [found.name for found in examination.findings] == ["large", "small"]
    assert [skipped.reason for skipped in examination.skipped] == ["no"]


def test_what_each_check_cost_is_told():
    assert set(examine((Says(),), 0).seconds) == {"says"}


def test_a_check_that_takes_too_long_is_skipped_and_takes_no_other_with_it():
    examination = examine((Sleeps(), Says(said=(finding("after"),))), 0, seconds_each=0.05)
    assert [found.name for found in examination.findings] == ["before", "after"]
    assert "longer than 0.05 s" in examination.skipped[0].reason


def test_the_alarm_that_stood_before_stands_again():
    before = signal.getsignal(signal.SIGALRM)
    examine((Says(),), 0)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_in_another_thread_there_is_no_limit_and_all_else_is_the_same():
    said = []
    thread = threading.Thread(target=lambda: said.append(examine((Says(said=(finding("a"),)),), 0, seconds_each=0.01)))
    thread.start()
    thread.join()
    assert [found.name for found in said[0].findings] == ["a"]


class Broken(Says):
    """Dies of a mistake, or refuses what a person gave."""

    def examine(self, subject):
        raise subject


def test_a_check_that_dies_takes_no_other_with_it():
    died = examine((Broken(), Says(said=(finding("a"),))), ZeroDivisionError("by nought"))
    assert [found.name for found in died.findings] == ["a"]
    assert OUR_MISTAKE in died.skipped[0].reason
    assert "ZeroDivisionError: by nought" in died.skipped[0].reason


def test_errors_in_our_words_are_said_as_such():
    with pytest.raises(UsageError):
        examine((Broken(),), UsageError("no such place"))
