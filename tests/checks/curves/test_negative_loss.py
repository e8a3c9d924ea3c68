"""A loss below 0."""

import math

import pytest

from kilter.checks.curves.negative_loss import NegativeLoss
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped, Strength


def findings(history, **options):
    return [said for said in NegativeLoss(**options).examine(history) if not isinstance(said, Skipped)]


def endless(first):
    return recorded(lambda at: first - 20 * at**3, noise=0.01)


def test_a_likelihood_of_densities_is_rightly_negative():
    assert findings(recorded(falling(3.0, -6.0, 3), noise=0.3)) == []
    assert findings(recorded(falling(-0.5, -6.0, 3), noise=0.3)) == []
    assert findings(recorded(lambda at: 1.0 - math.log(1 + 200 * at), noise=0.05)) == []


def test_a_loss_of_classes_is_never_negative():
    log = recorded(falling(1.0, -0.8, 3), scores={"accuracy": lambda at: at}, valid=falling(), noise=0.01)
    (guessed,) = findings(log)
    assert (guessed.severity, guessed.strength) == (Severity.WARNING, Strength.MEASURED)
    (known,) = findings(recorded(falling(1.0, -3.0, 3), noise=0.01), task="classification")
    assert (known.severity, known.strength) == (Severity.FAILURE, Strength.PROVED)


def test_a_fall_without_end_needs_no_task():
    (finding,) = findings(endless(-0.1))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["without end"] is True


@pytest.mark.parametrize(
    ("first", "cause"),
    [(-2.3, "loss_sign_flipped"), (0.0, "nll_without_log_softmax"), (0.7, "labels_out_of_range")],
)
def test_where_it_began_tells_the_cause(first, cause):
    (finding,) = findings(endless(first), task="classification")
    assert finding.causes[0] == cause


def test_the_mean_of_negative_probabilities_lies_above_minus_one():
    (finding,) = findings(recorded(lambda at: -0.1 - 0.6 * at, noise=0.01), task="classification")
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "nll_without_log_softmax")


def test_a_likelihood_that_is_maximised_is_silent():
    assert findings(recorded(lambda at: -0.7 * math.exp(-6 * at) - 0.03, noise=0.005), task="classification") == []


def test_a_value_or_two_below_zero_are_silent_and_both_signs_are_skipped():
    assert findings(series([1.0, -0.1, 0.9, 0.8, 0.7]), task="classification") == []
    assert isinstance(next(NegativeLoss().examine(series([1.0, -1.0, -2.0, -1.5, 2.0] * 10))), Skipped)
