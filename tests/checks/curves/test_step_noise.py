"""Noise of steps against what the run brought."""

import pytest

from kilter.checks.curves.step_noise import StepNoise
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped


def findings(history):
    return [said for said in StepNoise().examine(history) if not isinstance(said, Skipped)]


def test_more_noise_than_fall_is_a_note_with_the_steps_to_average():
    (finding,) = findings(recorded(falling(6.5, 5.5, 3), noise=1.5, steps=5000))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["noise"] == pytest.approx(1.5, rel=0.2)
    assert 200 < finding.evidence["steps to average"] < 3000


def test_less_noise_than_fall_is_silent():
    assert findings(recorded(falling(6.5, 5.5, 3), noise=0.3, steps=5000)) == []


def test_no_fall_beyond_the_noise_is_another_matter():
    assert findings(recorded(lambda _: 6.0, noise=1.5, steps=5000)) == []


def test_few_losses_are_skipped():
    assert isinstance(next(StepNoise().examine(series([1.0] * 99))), Skipped)
