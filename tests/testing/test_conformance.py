"""The conformance suite itself: each of its demands is missed by a check that does not keep to it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from kilter.checks.check import Check
from kilter.testing.conformance import conforms, fires, is_documented, is_silent
from kilter.testing.subjects import Healthy, Planted
from kilter.values.finding import Finding, Severity, Skipped

FINDING = Finding(
    code="X101",
    name="large",
    severity=Severity.WARNING,
    causes=("data_anomaly",),
    seen="A number is large.",
    advice="Make it smaller.",
)


@dataclass(frozen=True)
class Large(Check[np.ndarray]):
    """Numbers above a limit.

    **What it proves.** Some number is large.

    **How.** It looks.

    **When it stays silent.** All are small.

    **What it costs.** Nothing.
    """

    code: ClassVar[str] = "X101"
    name: ClassVar[str] = "large"
    limit: float = 10.0
    said: Finding = FINDING

    def examine(self, subject: np.ndarray) -> Iterator[Finding | Skipped]:
        if subject.max() > self.limit:
            yield self.said


SMALL = Healthy(name="small", make=lambda: np.ones(3))
BIG = Planted(code="X101", name="big", make=lambda: np.full(3, 99.0), causes=("data_anomaly",))


def test_a_check_that_keeps_to_everything_conforms():
    conforms(Large(), [SMALL], [BIG])


def test_a_false_alarm_is_told():
    with pytest.raises(AssertionError, match="cries wolf on the healthy small"):
        is_silent(Large(limit=0.0), SMALL)


def test_a_note_is_no_alarm():
    is_silent(Large(limit=0.0, said=replace(FINDING, severity=Severity.NOTE)), SMALL)


def test_a_missed_fault_is_told():
    with pytest.raises(AssertionError, match="does not find big"):
        fires(Large(limit=1e9), BIG)


def test_a_fault_taken_too_lightly_is_told():
    with pytest.raises(AssertionError, match="too lightly"):
        fires(Large(said=replace(FINDING, severity=Severity.NOTE)), BIG)


def test_a_wrong_cause_is_told_and_so_is_a_right_one_in_fourth_place():
    with pytest.raises(AssertionError, match="not one of"):
        fires(Large(said=replace(FINDING, causes=("label_noise",))), BIG)
    late = ("label_noise", "nan_in_data", "input_noise", "data_anomaly")
    with pytest.raises(AssertionError, match="not one of"):
        fires(Large(said=replace(FINDING, causes=late)), BIG)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"causes": ("witchcraft",)}, "do not exist"),
        ({"causes": ()}, "names no cause"),
        ({"code": "X102"}, "says X102"),
        ({"seen": "It is large"}, "half a sentence"),
    ],
)
def test_a_finding_that_is_badly_said_is_told(change, said):
    with pytest.raises(AssertionError, match=said):
        is_silent(Large(limit=0.0, said=replace(FINDING, severity=Severity.NOTE, **change)), SMALL)


def test_evidence_that_json_cannot_say_is_told():
    with pytest.raises(TypeError, match="no JSON form"):
        is_silent(Large(limit=0.0, said=replace(FINDING, evidence={"a": object()})), SMALL)


@dataclass(frozen=True)
class Mends(Large):
    """It mends what it finds."""

    def examine(self, subject):
        subject[:] = 0
        yield from ()


@dataclass(frozen=True)
class Draws(Large):
    """It draws a number."""

    def examine(self, subject):
        random.random()
        yield from ()


@dataclass(frozen=True)
class SkipsBadly(Large):
    """It skips under another name."""

    def examine(self, subject):
        yield Skipped(name="other", reason="no")


@pytest.mark.parametrize(
    ("kind", "said"), [(Mends, "changed its subject"), (Draws, "changed a random state"), (SkipsBadly, "skips under")]
)
def test_a_check_that_leaves_something_behind_is_told(kind, said):
    with pytest.raises(AssertionError, match=said):
        is_silent(kind(), SMALL)


def test_a_check_without_a_page_or_a_fault_is_told():
    with pytest.raises(AssertionError, match="What it proves"):
        is_documented(Mends())
    with pytest.raises(AssertionError, match="has no planted fault"):
        conforms(Large(), [SMALL], [replace(BIG, code="X102")])


@pytest.mark.parametrize(("code", "name"), [("X1", "large"), ("X101", "Large Numbers")])
def test_codes_and_names_have_a_form(code, name):
    made = Large()
    kind = type("Odd", (Large,), {"code": code, "name": name, "__doc__": Large.__doc__})
    is_documented(made)
    with pytest.raises(AssertionError, match="is no"):
        is_documented(kind())
