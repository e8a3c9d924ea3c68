"""What every check keeps to: silent on the healthy, right about its faults, and leaving everything as it was.

For writers of checks: `conforms(MyCheck(), healthy, planted)` in a test, with catalogues of one's own or those here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from kilter.checks.check import Check
from kilter.testing.state import random_states, state_of
from kilter.testing.subjects import Healthy, Planted
from kilter.values.causes import CAUSE_NAMES
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.json_form import dumps

Subject = TypeVar("Subject")


def conforms(check: Check[Subject], healthy: Iterable[Healthy[Subject]], planted: Iterable[Planted[Subject]]) -> None:
    """All of what follows, on these subjects; faults of other checks are passed over.

    Raises:
        AssertionError: what the check does not keep to.
    """
    is_documented(check)
    for subject in healthy:
        is_silent(check, subject)
    own = [fault for fault in planted if fault.code == check.code]
    assert own, f"{check.code} {check.name} has no planted fault that it must find"
    for fault in own:
        fires(check, fault)


def is_documented(check: Check[Subject]) -> None:
    """The check has a code, a name, thresholds with defaults, and a docstring that is its page.

    Raises:
        AssertionError: one of them is missing.
    """
    assert re.fullmatch(r"[A-Z]\d{3}", check.code), f"{check.code!r} is no code such as D101"
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name), f"{check.name!r} is no name such as split-overlap"
    page = type(check).__doc__ or ""
    for heading in ("**What it proves.**", "**How.**", "**When it stays silent.**", "**What it costs.**"):
        assert heading in page, f"the page of {check.name} does not say {heading}"
    thresholds = getattr(type(check), "__dataclass_fields__", None)
    assert thresholds is not None, f"{check.name} is no dataclass: thresholds are fields"
    type(check)()  # every threshold has a default


def is_silent(check: Check[Subject], healthy: Healthy[Subject]) -> None:
    """Nothing above a note is said of a healthy subject.

    Raises:
        AssertionError: a false alarm.
    """
    alarms = [f for f in _said(check, healthy.make()) if isinstance(f, Finding) and f.severity > Severity.NOTE]
    assert not alarms, f"{check.name} cries wolf on the healthy {healthy.name}: {'; '.join(map(str, alarms))}"


def fires(check: Check[Subject], planted: Planted[Subject]) -> None:
    """The planted fault is found, as gravely as it is, and with a right cause among the first three.

    Raises:
        AssertionError: the fault was missed, or misjudged.
    """
    found = [f for f in _said(check, planted.make()) if isinstance(f, Finding) and f.code == planted.code]
    assert found, f"{check.name} does not find {planted.name}"
    worst = max(found, key=lambda finding: finding.severity)
    assert worst.severity >= planted.severity, f"{check.name} takes {planted.name} too lightly: {worst}"
    right = [finding for finding in found if set(finding.causes[:3]) & set(planted.causes)]
    assert right, f"{check.name} names {[f.causes for f in found]} for {planted.name}, not one of {planted.causes}"


def _said(check: Check[Subject], subject: Subject) -> tuple[Finding | Skipped, ...]:
    """What a check says, after looking at how it says it and what it left behind."""
    before, randomness = state_of(subject), random_states()
    said = tuple(check.examine(subject))
    assert state_of(subject) == before, f"{check.name} changed its subject"
    assert random_states() == randomness, f"{check.name} changed a random state"
    for part in said:
        if isinstance(part, Skipped):
            assert part.name == check.name, f"{check.name} skips under the name {part.name!r}"
            assert part.reason, f"{check.name} skips without a reason"
        else:
            _is_well_said(check, part)
    return said


def _is_well_said(check: Check[Subject], finding: Finding) -> None:
    dumps(finding)  # strict JSON, evidence included
    assert finding.code in (check.code, "P100"), f"{check.name} says {finding.code}"
    assert finding.causes or finding.code == "P100", f"{check.name} names no cause: {finding}"
    assert set(finding.causes) <= CAUSE_NAMES, f"{check.name} names causes that do not exist: {finding.causes}"
    for sentence in (finding.seen, finding.advice, *([finding.experiment] if finding.experiment else [])):
        assert sentence[:1].isupper() or not sentence[:1].isalpha() or "." in sentence.split()[0], sentence
        assert sentence.endswith((".", "!", "?")), f"{check.name} says half a sentence: {sentence!r}"
