"""A training loss that climbs."""

import numpy as np
import pytest

from kilter.checks.curves.divergence import Divergence
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped


def test_an_end_above_the_start_is_a_failure_with_its_numbers():
    (finding,) = Divergence().examine(recorded(lambda at: 1.0 + 3 * at, noise=0.01))
    assert finding.severity is Severity.FAILURE
    assert finding.evidence["start"] == pytest.approx(1.0, abs=0.2)
    assert finding.evidence["end"] == pytest.approx(4.0, abs=0.2)


def test_most_of_the_way_lost_again_is_a_warning():
    (finding,) = Divergence().examine(recorded(lambda at: 2.0 - 1.5 * at if at < 0.6 else 1.8, noise=0.01))
    assert finding.severity is Severity.WARNING
    assert "lowest about step 2" in finding.seen


def test_a_rise_within_the_noise_or_small_is_silent():
    assert list(Divergence().examine(recorded(lambda _: 1.0, noise=0.5))) == []
    assert list(Divergence().examine(recorded(lambda at: 1.0 + 0.2 * at, noise=0.01))) == []
    assert len(list(Divergence(rise=0.1).examine(recorded(lambda at: 1.0 + 0.2 * at, noise=0.01)))) == 1


def test_losses_below_zero_are_judged_by_their_way():
    assert list(Divergence().examine(recorded(falling(-1.0, -9.0), noise=0.05))) == []
    (finding,) = Divergence().examine(recorded(lambda at: -9.0 + 8 * at, noise=0.05))
    assert finding.severity is Severity.FAILURE


def test_growing_gradients_rank_the_explosion_first():
    (finding,) = Divergence().examine(recorded(lambda at: 1 + 9 * at, norm=lambda at: 1 + 99 * at, noise=0.01))
    assert finding.causes[0] == "exploding_gradient"


def test_a_spike_is_no_divergence():
    values = np.full(100, 1.0)
    values[-1] = 50.0
    assert list(Divergence().examine(series(values))) == []


def test_few_steps_are_skipped():
    assert isinstance(next(Divergence().examine(series([1.0] * 10))), Skipped)
