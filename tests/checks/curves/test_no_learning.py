"""A training loss that never leaves its start."""

import pytest

from kilter.checks.curves.no_learning import NoLearning
from kilter.testing.healthy.histories import recorded, series
from kilter.values.finding import Severity, Skipped


@pytest.mark.parametrize("seed", range(5))
def test_a_flat_loss_is_found_whatever_its_noise(seed):
    (finding,) = NoLearning().examine(recorded(lambda _: 2.3, noise=0.3, seed=seed))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["steps"] == 400


@pytest.mark.parametrize("seed", range(5))
def test_a_fall_beyond_its_noise_is_learning_however_small(seed):
    assert list(NoLearning().examine(recorded(lambda at: 2.3 - 0.2 * at, noise=0.1, seed=seed))) == []


def test_the_same_fall_in_more_noise_is_none():
    assert len(list(NoLearning().examine(recorded(lambda at: 2.3 - 0.01 * at, noise=0.3)))) == 1


def test_without_a_gradient_the_cause_is_another_one():
    (finding,) = NoLearning().examine(recorded(lambda _: 2.3, norm=lambda _: 1e-8))
    assert finding.causes[0] == "vanishing_gradient"


def test_few_steps_are_skipped():
    assert isinstance(next(NoLearning().examine(series([1.0] * 49))), Skipped)
