"""A learning rate that is gone before the run ends."""

import numpy as np
import pytest

from kilter.checks.curves.early_decay import EarlyDecay
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import scheduled
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def findings(history):
    return [said for said in EarlyDecay().examine(history) if not isinstance(said, Skipped)]


def examined(rate, train=None, **options):
    return list(EarlyDecay().examine(scheduled(rate, train, **options)))


def broken_off(at):
    """A loss that falls in a straight line, until a quarter of the run."""
    return 2.3 - 3 * min(at, 0.25)


def test_a_rate_of_0_in_the_middle_of_a_fall():
    (finding,) = examined(lambda at: 1e-3 * (at <= 0.25), broken_off)
    assert finding.severity is Severity.WARNING
    assert finding.evidence["share"] == pytest.approx(0.75, abs=0.01)
    assert finding.evidence["from"] == 101


def test_a_rate_of_0_after_the_loss_had_settled_is_a_note():
    (finding,) = examined(lambda at: 1e-3 * (at <= 0.6), falling(2.3, 0.3, 30))
    assert finding.severity is Severity.NOTE


def test_a_rate_that_reads_0_while_the_loss_falls_was_rounded():
    assert examined(lambda at: 1e-3 * (at <= 0.1), falling(2.3, 0.3, 3)) == []


def test_a_rate_of_0_at_the_start_is_a_warm_up():
    (finding,) = examined(lambda at: 1e-3 * (at > 0.4), lambda at: 2.3 if at <= 0.4 else falling(2.3, 0.3)(at - 0.4))
    assert "warmup_longer_than_run" in finding.causes


def test_a_small_rate_is_one_that_is_gone():
    (finding,) = examined(lambda at: 1e-3 if at <= 0.25 else 1e-5, broken_off)
    assert finding.causes[0] == "lr_decayed_too_early"
    assert finding.evidence["fall before"] == pytest.approx(
        3 * 37.5 / 400, abs=0.05
    )  # between windows 37.5 steps apart
    assert abs(finding.evidence["fall after"]) < 0.12


def test_gone_within_the_first_epochs_it_was_stepped_by_the_batch():
    (finding,) = examined(lambda at: 1e-3 * 0.1 ** (at / 0.02), lambda at: 2.3 - 5 * min(at, 0.02))
    assert finding.causes[0] == "scheduler_per_batch"


@pytest.mark.parametrize(
    "rate",
    [lambda at: 1 - at, lambda at: 0.1 ** int(at / 0.3), lambda at: 0.9 ** (40 * at)],
    ids=["line", "stairs", "slow"],
)
def test_decays_over_the_run_are_silent(rate):
    assert examined(rate) == []


def test_a_loss_that_goes_on_falling_or_had_settled_is_silent():
    assert examined(lambda at: 1e-3 if at <= 0.25 else 1e-5, lambda at: 2.3 - 1.5 * at) == []
    assert examined(lambda at: 1e-3 if at <= 0.25 else 1e-5, falling(2.3, 0.3, 40)) == []


def test_without_rates_it_is_skipped():
    assert isinstance(next(EarlyDecay().examine(recorded(falling(), steps=10, evaluations=0))), Skipped)


def test_a_cut_is_seen_through_the_noise_of_the_losses_before_it():
    def cut(noise, seed):
        return scheduled(
            lambda at: 2e-3 * 0.1 ** int(at / 0.1), lambda at: 2.5 - 2.5 * min(at, 0.1), noise=noise, seed=seed
        )

    assert all(findings(cut(0.01, seed)) for seed in range(5))
    assert not any(findings(cut(1.0, seed)) for seed in range(5))


def test_what_creeps_at_no_rate_to_speak_of_is_not_settled():
    def creeping(at):
        return 2.3 - 7 * min(at, 0.1) - 0.3 * max(at - 0.1, 0)

    def cut(at):
        return 1e-2 if at <= 0.1 else 1e-4

    (finding,) = findings(scheduled(cut, creeping, noise=0.005))
    assert finding.severity is Severity.WARNING
    assert "lr_decayed_too_early" in finding.causes
    assert findings(scheduled(cut, falling(2.3, 0.3, 60), noise=0.005)) == []


def resting(since, train=1.9, noise=0.004):
    """Means over 20 epochs whose validation loss comes to rest, while batches differ; no rate in the log."""
    draw = np.random.default_rng(0).normal(size=20)
    rows = []
    for epoch in range(20):
        moved = 0.4 * 0.3 ** min(epoch, since) + (0.0 if epoch >= since else 0.01 * draw[epoch])
        row = {"train.loss": train + moved + noise * draw[epoch], "valid.loss": train + 0.01 + moved}
        rows.append((50 * epoch + 50, row))
    return History.of(rows)


def test_without_rates_weights_at_rest_tell_that_they_are_gone():
    (finding,) = findings(resting(5))
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "lr_decayed_too_early")
    assert finding.evidence["since"] == 300
    assert findings(resting(19)) == []  # it moves to the end
    assert findings(resting(5, noise=0.0)) == []  # all rows at once: a loss that is found stands
