"""A run that ended while it was getting better."""

import numpy as np

from kilter.checks.curves.still_improving import StillImproving
from kilter.testing.healthy.histories import series
from kilter.values.finding import Severity, Skipped


def examined(values):
    return list(StillImproving().examine(series(values, "valid.loss")))


def test_a_fall_to_the_end_is_a_note_with_its_share():
    (finding,) = examined(np.linspace(2, 1, 12))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["before"] > finding.evidence["end"]
    assert finding.causes[0] == "too_few_epochs"


def test_a_flat_end_and_a_turn_are_silent():
    assert examined(np.exp(-np.arange(12.0))) == []
    assert examined(np.abs(np.arange(12.0) - 7)) == []


def test_a_fall_within_the_noise_is_silent():
    draw = np.random.default_rng(0)
    noisy = 1 + 0.2 * draw.normal(size=12)
    noisy[-1] = noisy.min() - 0.01
    assert examined(noisy) == []


def test_few_evaluations_are_skipped():
    assert isinstance(examined([2.0, 1.0])[0], Skipped)
