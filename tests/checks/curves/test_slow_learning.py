"""A loss that falls too slowly."""

import math

import pytest

from kilter.checks.curves.slow_learning import SlowLearning
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def findings(history):
    return [said for said in SlowLearning().examine(history) if not isinstance(said, Skipped)]


def straight(share, **options):
    return recorded(lambda at: 2.0 - share * 2.0 * at, noise=0.005, **options)


@pytest.mark.parametrize(("share", "found"), [(0.02, True), (0.08, True), (0.15, False), (0.5, False)])
def test_a_straight_way_that_is_short_is_found(share, found):
    assert bool(findings(straight(share))) is found


def test_the_fall_and_its_last_third_are_told():
    (finding,) = findings(straight(0.05))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "lr_too_low"
    assert finding.evidence["fall"] == pytest.approx(0.09, abs=0.02)
    assert finding.evidence["share of the last third"] == pytest.approx(0.35, abs=0.1)


def test_a_fall_that_slows_down_is_all_that_there_is():
    assert findings(recorded(falling(2.0, 1.9, 5), noise=0.005)) == []


def test_a_fall_that_speeds_up_may_be_larger():
    assert len(findings(recorded(lambda at: 2.0 - 0.3 * at**3, noise=0.005))) == 1
    assert findings(recorded(lambda at: 2.0 - 1.0 * at**3, noise=0.005)) == []


def test_validation_has_less_noise_and_decides():
    noisy = {"noise": 0.02, "steps": 2000}
    assert findings(recorded(lambda at: 2.0 - 0.1 * at, valid=falling(2.0, 1.9, 8), **noisy)) == []
    assert len(findings(recorded(lambda at: 2.0 - 0.1 * at, valid=lambda at: 2.0 - 0.1 * at, **noisy))) == 1


def test_a_rise_before_the_fall_counts():
    assert findings(recorded(lambda at: 2.0 + 4 * at if at < 0.2 else 2.8 - 1.1 * (at - 0.2), noise=0.005)) == []


def test_what_else_was_recorded_ranks_the_causes():
    losses = straight(0.05)["train.loss"].values

    def log(name, curve):
        return History.of((at + 1, {"train.loss": loss, name: curve(at)}) for at, loss in enumerate(losses))

    assert findings(log("train.learning_rate", lambda at: 1e-6 * at))[0].causes[0] == "warmup_longer_than_run"
    assert findings(log("train.learning_rate", lambda _: 1e-6))[0].causes[0] == "lr_too_low"
    assert findings(log("train.gradient_norm", lambda _: 1e-5))[0].causes[0] == "vanishing_gradient"
    prices = recorded(lambda at: 3e4 - 2e3 * at, noise=10.0)
    assert findings(prices)[0].causes[0] == "unnormalized_target"


def test_a_run_that_has_just_begun_is_skipped():
    assert isinstance(next(SlowLearning().examine(series([2.0 - 0.001 * at for at in range(60)]))), Skipped)


@pytest.mark.parametrize(("left", "cause"), [(0.1, "lr_too_high"), (0.8, "lr_too_low")])
def test_a_gradient_that_shrank_says_that_steps_were_not_too_small(left, cause):
    losses = recorded(lambda at: 2.5 - 0.01 * at - 0.06 * at**3, noise=0.01)["train.loss"].values
    history = History.of(
        (step, {"train.loss": float(loss), "train.gradient_norm": left + (1 - left) * math.exp(-step / 20)})
        for step, loss in enumerate(losses, start=1)
    )
    (finding,) = findings(history)
    assert finding.causes[0] == cause
