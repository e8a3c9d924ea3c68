"""A validation loss that rises while the training loss falls."""

import math

import pytest

from kilter.checks.curves.overfitting import Overfitting
from kilter.testing.healthy.histories import falling, recorded
from kilter.values.finding import Severity, Skipped


def turning(rise, *, train=None, noise=0.02, **options):
    """A validation loss from .7 to .4 at a quarter of the run, and then up by so much."""
    return recorded(
        train or falling(0.7, 0.02, 5),
        valid=lambda at: 0.7 - 1.2 * at if at <= 0.25 else 0.4 + rise * (at - 0.25) / 0.75,
        evaluations=20,
        noise=noise,
        **options,
    )


@pytest.mark.parametrize(("rise", "severity"), [(0.1, Severity.NOTE), (0.3, Severity.WARNING)])
def test_it_is_graver_the_more_of_the_gain_is_lost(rise, severity):
    (finding,) = Overfitting().examine(turning(rise))
    assert finding.severity is severity
    assert finding.evidence["lowest"] == pytest.approx(0.4, abs=0.04)
    assert finding.causes[0] == "overfitting"


def test_a_rise_within_the_noise_is_silent():
    assert list(Overfitting().examine(turning(0.1, noise=1.0))) == []


def test_a_training_loss_that_rises_too_is_no_overfitting():
    assert list(Overfitting().examine(turning(0.3, train=lambda at: 0.7 + at))) == []


def test_decisions_that_improve_all_the_same_make_it_overconfidence():
    scores = {"accuracy": lambda at: 0.6 + 0.2 * at, "rmse": lambda at: 2.0 - at}
    (finding,) = Overfitting().examine(turning(0.3, scores=scores))
    assert finding.causes[0] == "overconfident"
    assert finding.evidence["better"] == ["valid.accuracy", "valid.rmse"]


def test_decisions_that_get_worse_do_not():
    scores = {"accuracy": lambda at: 0.9 - abs(at - 0.25) - 0.2 * math.exp(-20 * at)}
    (finding,) = Overfitting().examine(turning(0.3, scores=scores))
    assert finding.causes[0] == "overfitting"


def test_too_few_evaluations_are_skipped_and_a_late_lowest_point_is_silent():
    few = recorded(falling(), valid=falling(), evaluations=4)
    assert isinstance(next(Overfitting().examine(few)), Skipped)
    assert list(Overfitting().examine(recorded(falling(), valid=falling(), evaluations=10))) == []
