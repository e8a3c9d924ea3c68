"""Trainings that wait for their batches."""

import pytest

from kilter.checks.curves.input_bound import InputBound
from kilter.testing.conformance import conforms
from kilter.testing.healthy.histories import HEALTHY_HISTORIES
from kilter.testing.planted.histories_of_steps import FAULTS_OF_STEPS, stepped, waited
from kilter.values.finding import Finding, Severity, Skipped


def test_it_keeps_to_what_checks_keep_to():
    conforms(InputBound(), HEALTHY_HISTORIES, FAULTS_OF_STEPS)


def test_a_long_wait_is_noted_with_its_numbers():
    (finding,) = InputBound().examine(waited(each=0.06, step=0.04))
    assert finding.severity is Severity.NOTE
    assert finding.seen == "Of 30 s, 18 s (60 %) went by waiting for batches, 60 ms a step."
    assert "batch.workers" in finding.advice
    assert finding.evidence["share"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("each", "step"),
    [(0.02, 0.08), (0.001, 0.0001), (0.015, 0.0001)],
    ids=["a small share", "too quick for other processes to help", "a few seconds in all"],
)
def test_what_does_no_harm_is_not_said(each, step):
    assert list(InputBound().examine(waited(each=each, step=step))) == []


def test_a_log_that_does_not_tell_is_skipped():
    (said,) = InputBound().examine(stepped())
    assert isinstance(said, Skipped)
    assert not isinstance(said, Finding)
