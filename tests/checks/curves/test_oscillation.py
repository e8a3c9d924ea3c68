"""A training loss that swings."""

import math

import numpy as np
import pytest

from kilter.checks.curves.oscillation import Oscillation
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def findings(history, **options):
    return [said for said in Oscillation(**options).examine(history) if not isinstance(said, Skipped)]


def swinging(size, *, shared=True, **options):
    """A fall by 1.3 with a sine on it, which the validation loss shares or not."""

    def loss(at):
        return 1.0 + 1.3 * math.exp(-12 * at) + size * math.sin(40 * at)

    return recorded(loss, valid=loss if shared else falling(2.3, 1.0, 12), evaluations=20, **options)


def test_swings_that_the_validation_loss_shares_are_a_warning():
    (finding,) = findings(swinging(0.5))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["swings"] >= 5
    assert finding.causes[0] == "lr_too_high"


def test_swings_of_a_small_part_of_the_way_are_silent():
    assert findings(swinging(0.06)) == []


def test_swings_alone_in_the_log_may_be_a_game():
    alone = series(swinging(0.5)["train.loss"].values)
    assert [finding.severity for finding in findings(alone)] == [Severity.NOTE]
    assert [finding.severity for finding in findings(alone, task="regression")] == [Severity.WARNING]
    assert [finding.severity for finding in findings(swinging(0.5, shared=False))] == [Severity.NOTE]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.1, 0.5, 1.0])
def test_noise_of_batches_is_no_swing(seed, noise):
    assert findings(recorded(falling(3.3, 2.0, 6), noise=noise, seed=seed)) == []


def test_the_validation_loss_tells_noise_of_steps_from_that_of_batches():
    draw = np.random.default_rng(0)

    def shaken(at):
        return falling(4.3, 2.8, 8)(at) + 0.8 * float(draw.normal())

    jumping = recorded(falling(4.3, 2.8, 8), valid=shaken, noise=0.8, evaluations=24)
    assert [finding.severity for finding in findings(jumping)] == [Severity.WARNING]
    calm = recorded(falling(4.3, 2.8, 8), valid=shaken, noise=0.01, evaluations=12)  # the training is not at fault
    assert findings(calm) == []


def test_all_rows_at_each_step_alternate_at_the_edge():
    (finding,) = findings(series([1.0 + 1.3 * math.exp(-at / 8) + 0.4 * (-1) ** at for at in range(60)]))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["alternating"] == 1.0


def test_a_rate_that_goes_up_and_down_explains_swings():
    losses = swinging(0.5)["train.loss"].values
    rows = [
        (at + 1, {"train.loss": loss, "train.learning_rate": 1 + math.sin(at / 10)}) for at, loss in enumerate(losses)
    ]
    assert isinstance(next(Oscillation().examine(History.of(rows))), Skipped)


def test_few_losses_are_skipped():
    assert isinstance(next(Oscillation().examine(series([1.0] * 19))), Skipped)


def test_a_validation_loss_that_jumps_where_no_batch_was_is_not_thrown_about_by_steps():
    draw = np.random.default_rng(0)

    def elsewhere(at):
        return falling(2.3, 0.8, 8)(at) + 6 * abs(float(draw.normal()))

    assert findings(recorded(falling(2.3, 0.8, 8), valid=elsewhere, noise=0.3, evaluations=24)) == []


def crossing(size, period=20, noise=0.1):
    """A valley that is crossed to and fro, from the first steps on no lower; the rate is not in the log."""

    def loss(at):
        return 30 - size * math.cos(2 * math.pi * period * at) + 30 * math.exp(-80 * at)

    history = recorded(loss, valid=loss, evaluations=37, noise=noise)
    return History.of(
        (int(step), {name: float(value)})
        for name in ("train.loss", "valid.loss")
        for step, value in zip(history[name].steps, history[name].values, strict=True)
    )


def test_smaller_swings_count_where_the_later_part_brought_nothing():
    (finding,) = findings(crossing(6.0))
    assert finding.severity is Severity.WARNING
    assert findings(crossing(1.0)) == []
    assert findings(crossing(0.0, noise=3.0)) == []
