"""Weights that are drawn to 0."""

import pytest

from kilter.checks.curves.weights_shrink import WeightsShrink
from kilter.testing.healthy.histories import falling
from kilter.testing.healthy.histories_of_layers import measured
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History

UNLEARNT = falling(2.3, 2.2, 1)


def examined(*ends, train=UNLEARNT):
    weights = {f"weight/{at}.weight": falling(0.1, end, 9) for at, end in enumerate(ends)}
    return list(WeightsShrink().examine(measured(weights, train=train)))


def test_most_of_their_size_is_lost():
    (finding,) = examined(0.01, 0.01, 0.1)
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "weight_decay_too_high")
    assert finding.evidence["share left"] == pytest.approx(0.1, abs=0.05)


def test_learning_few_of_them_or_growth_are_silent():
    assert examined(0.01, 0.01, train=falling()) == []
    assert examined(0.01, 0.1, 0.1) == []
    assert examined(0.4, 0.5) == []


def test_weights_that_are_gone_need_no_loss_that_stands():
    (finding,) = examined(1e-5, 1e-5, train=falling(2.3, 1.6, 9))
    assert finding.causes[0] == "weight_decay_too_high"
    assert examined(0.01, 0.01, train=falling(2.3, 1.6, 9)) == []


def test_without_measurements_it_is_skipped():
    assert isinstance(next(WeightsShrink().examine(History())), Skipped)
