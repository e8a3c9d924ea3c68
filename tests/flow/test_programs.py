"""The doctor over the conformance suite: silent on the healthy programs, right about the faults.

A sample by default; all of it under the marker slow, with the bars that the figures must pass: what lies near a
threshold may fall on either side of it from one processor to the next.
"""

import pytest

from kilter.checks.doctor import check
from kilter.checks.examination import OUR_MISTAKE
from kilter.testing.programs.catalogue import FAULTS
from kilter.testing.programs.healthy import TRAININGS
from kilter.values.finding import Severity


def above_notes(program):
    examination = check(program)
    assert not [skipped for skipped in examination.skipped if OUR_MISTAKE in skipped.reason]
    return [finding for finding in examination.findings if finding.severity > Severity.NOTE]


def alarm(training):
    """What is said of a healthy program; empty for silence."""
    return "; ".join(map(str, above_notes(training.program)))


def named(fault):
    """Whether a fault is detected, and whether its cause is among the first three."""
    said = above_notes(fault.program)
    first = said[0].causes[:3] if said else ()
    causes = list(dict.fromkeys([*first, *(finding.causes[0] for finding in said if finding.causes)]))[:3]
    return bool(said), bool(set(causes) & set(fault.causes))


@pytest.mark.parametrize("training", TRAININGS[::16], ids=lambda training: training.name)
def test_it_is_silent_on_a_sample_of_the_healthy(training):
    assert alarm(training) == ""


SAMPLE = ("tagger never zeroed", "window never full", "decoder alone is trained", "memory detached", "scale overflows")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in SAMPLE], ids=lambda fault: fault.name)
def test_it_names_a_sample_of_the_faults(fault):
    assert named(fault) == (True, True)


@pytest.mark.slow
def test_it_is_silent_on_the_healthy():
    """At most one alarm in a hundred."""
    alarms = {training.name: said for training in TRAININGS if (said := alarm(training))}
    assert len(alarms) <= len(TRAININGS) // 100, alarms


@pytest.mark.slow
def test_it_names_the_faults():
    """By the first dozen steps alone; a full check finds more of them."""
    told = {fault.name: named(fault) for fault in FAULTS}
    detected, among_three = (sum(which) / len(told) for which in zip(*told.values(), strict=True))
    missed = [name for name, (_, right) in told.items() if not right]
    assert detected >= 0.8, missed
    assert among_three >= 0.75, missed
