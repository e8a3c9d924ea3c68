"""A training loss that climbs."""

import math

import numpy as np
import pytest

from kilter.checks.curves.divergence import Divergence
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def test_an_end_above_the_start_is_a_failure_where_the_validation_loss_agrees():
    climbing = recorded(lambda at: 1.0 + 3 * at, valid=lambda at: 1.0 + 3 * at, noise=0.01)
    (finding,) = Divergence().examine(climbing)
    assert finding.severity is Severity.FAILURE
    assert finding.evidence["start"] == pytest.approx(1.0, abs=0.2)
    assert finding.evidence["end"] == pytest.approx(4.0, abs=0.2)
    assert "the validation loss rose" in finding.seen


def test_alone_in_the_log_it_is_a_warning_and_a_note_where_it_may_be_a_game():
    (far,) = Divergence().examine(recorded(lambda at: 1.0 + 3 * at, noise=0.01))
    assert far.severity is Severity.WARNING
    near = recorded(lambda at: 1.0 + 0.7 * at, noise=0.01)
    assert [finding.severity for finding in Divergence().examine(near)] == [Severity.NOTE]
    assert [finding.severity for finding in Divergence(task="regression").examine(near)] == [Severity.WARNING]


def test_ten_times_the_start_is_a_failure_whatever_else_stands_there():
    (finding,) = Divergence().examine(recorded(lambda at: 1.0 + 30 * at, noise=0.01))
    assert finding.severity is Severity.FAILURE


def test_most_of_the_way_lost_again_is_a_warning():
    (finding,) = Divergence().examine(recorded(lambda at: 2.0 - 1.5 * at if at < 0.6 else 1.8, noise=0.01))
    assert finding.severity is Severity.WARNING
    assert "lowest about step 2" in finding.seen


def test_a_validation_loss_near_its_best_overrules():
    def loss(at):
        return 2.0 - 1.5 * at if at < 0.6 else 1.8

    assert [finding.severity for finding in Divergence().examine(recorded(loss, valid=falling()))] == [Severity.NOTE]
    assert [finding.severity for finding in Divergence().examine(recorded(loss, valid=loss))] == [Severity.WARNING]


def test_a_few_means_over_epochs_are_enough():
    (finding,) = Divergence().examine(series([1.0, 1.1, 1.4, 1.9, 2.5, 3.4, 4.6, 6.1, 8.0, 11.0]))
    assert finding.severity is Severity.WARNING
    assert list(Divergence().examine(series([1.0, 0.8, 0.6, 0.5, 0.45, 0.42, 0.4, 0.39, 0.38, 5.0]))) == []


def test_a_rise_within_the_noise_or_small_is_silent():
    assert list(Divergence().examine(recorded(lambda _: 1.0, noise=0.5))) == []
    assert list(Divergence().examine(recorded(lambda at: 1.0 + 0.2 * at, noise=0.01))) == []
    assert len(list(Divergence(rise=0.1).examine(recorded(lambda at: 1.0 + 0.2 * at, noise=0.01)))) == 1


def test_losses_below_zero_are_judged_by_their_way():
    assert list(Divergence().examine(recorded(falling(-1.0, -9.0), noise=0.05))) == []
    assert list(Divergence().examine(recorded(lambda at: -9.0 + 8 * at, noise=0.05))) == []  # a likelihood, maximised
    (finding,) = Divergence().examine(
        recorded(lambda at: -1 - 16 * at if at < 0.5 else -9 + 15 * (at - 0.5), noise=0.05)
    )
    assert finding.severity is Severity.WARNING


def test_what_the_gradient_did_ranks_the_causes():
    (piled,) = Divergence().examine(recorded(lambda at: 1 + 9 * at, norm=lambda at: 1 + 99 * at, noise=0.01))
    assert piled.causes[0] == "missing_zero_grad"  # loss and gradient climb from the first step to the last
    late = recorded(lambda at: 1 + 40 * max(0, at - 0.6), norm=lambda at: 1 + 99 * max(0, at - 0.6), noise=0.01)
    (exploded,) = Divergence().examine(late)
    assert exploded.causes[0] == "exploding_gradient"


def test_a_rate_that_was_restarted_explains_a_rise():
    def rows(rate):
        for step in range(1, 301):
            phase = step % 140 / 140
            yield step, {"train.loss": 2 * math.exp(-step / 60) + 1.5 * (1 - phase), "train.learning_rate": rate(phase)}

    assert list(Divergence(lost=0.3).examine(History.of(rows(lambda phase: 0.1 * (1 - phase))))) == []
    assert len(list(Divergence(lost=0.3).examine(History.of(rows(lambda _: 0.1))))) == 1


def test_a_spike_is_no_divergence():
    values = np.full(100, 1.0)
    values[-1] = 50.0
    assert list(Divergence().examine(series(values))) == []


@pytest.mark.parametrize(
    "history",
    [
        series([1.0] * 7),
        series(np.random.default_rng(0).normal(size=100)),
        History.of((step, {"train.loss": 1.0 + step, "train.mean_reward": 0.0}) for step in range(50)),
    ],
    ids=["few steps", "both signs", "rewards"],
)
def test_what_cannot_be_judged_is_skipped(history):
    assert isinstance(next(Divergence().examine(history)), Skipped)


def test_a_loss_that_leaves_guessing_at_once_is_worse_than_at_its_start_however_it_jumps():
    losses = 80 + 30 * np.random.default_rng(0).normal(size=300).clip(-2, 2)
    losses[0] = 1.35  # of guessing among four classes; the median of the first tenth is as high as the end
    known = Divergence(task="classification", classes=4)
    (finding,) = known.examine(series(losses))
    assert finding.severity is Severity.FAILURE
    assert "above its start of 1.386" in finding.seen
    assert list(Divergence(task="classification").examine(series(losses))) == []
    losses[0] = 80  # it never was at guessing: summed up over rows, perhaps
    assert list(known.examine(series(losses))) == []
    losses[1:] = losses[1:] / 80  # near guessing, and not above it
    losses[0] = 1.35
    assert list(known.examine(series(losses))) == []
