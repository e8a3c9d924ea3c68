"""The doctor over the conformance suite: silent on every healthy program, right about every fault.

A sample by default; all of it under the marker slow. What is known to be missed, or known to cry wolf, is listed with
its reason and expected strictly, so that neither a gain nor a loss goes unnoticed.
"""

import pytest

from kilter.checks.doctor import check
from kilter.testing.programs.catalogue import FAULTS
from kilter.testing.programs.healthy import TRAININGS
from kilter.values.finding import Severity

ALARMS = {
    "counts poisson": "for a count of zero the likelihood falls without end, but not below zero",
    "small and noisy": "one wrong label in eight of a hundred rows is measured as more",
    "words embedding bag": "words of all documents stand in one row after another, no example in each",
    "language shifted inside": "labels are the inputs and the model moves them by one itself",
}
"""Healthy programs on which a check of today says too much."""

MISSES = {
    "loss capped": "it never begins to learn, and nothing tells a cap from other standstills",
    "pairs reversed": "which pairs shall be near is told by the loss alone",
    "weights against a column": "the mean over all pairs of weights and losses is another loss, not an illegal one",
    "ink above all": "two losses inside of a step cannot be seen apart",
    "code above all": "two losses inside of a function cannot be seen apart",
}
"""Faults that `check` finds only by training, or not at all."""


def above_notes(program):
    return [finding for finding in check(program).findings if finding.severity > Severity.NOTE]


def is_silent(training):
    said = above_notes(training.program)
    assert not said, f"{training.name}: {'; '.join(map(str, said))}"


def is_named(fault):
    said = above_notes(fault.program)
    assert said, f"{fault.name} is not detected"
    causes = list(dict.fromkeys([*said[0].causes[:3], *(finding.causes[0] for finding in said if finding.causes)]))[:3]
    assert set(causes) & set(fault.causes), f"{fault.name}: {', '.join(causes)} instead of {', '.join(fault.causes)}"


def expecting(entries, known):
    return [
        pytest.param(
            entry,
            id=entry.name,
            marks=[pytest.mark.xfail(strict=True, reason=known[entry.name])] if entry.name in known else [],
        )
        for entry in entries
    ]


@pytest.mark.parametrize("training", [t for t in TRAININGS if t.name not in ALARMS][::12], ids=lambda t: t.name)
def test_it_is_silent_on_a_sample_of_the_healthy(training):
    is_silent(training)


@pytest.mark.slow
@pytest.mark.parametrize("training", expecting(TRAININGS, ALARMS))
def test_it_is_silent_on_the_healthy(training):
    is_silent(training)


SAMPLE = ("tagger never zeroed", "window never full", "decoder alone is trained", "memory detached", "scale overflows")


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in SAMPLE], ids=lambda fault: fault.name)
def test_it_names_a_sample_of_the_faults(fault):
    is_named(fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", expecting(FAULTS, MISSES))
def test_it_names_the_faults(fault):
    is_named(fault)
