"""A training loss that never leaves its start."""

import math

import numpy as np
import pytest

from kilter.checks.curves.no_learning import NoLearning
from kilter.testing.healthy.histories import recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def findings(history, **options):
    return [said for said in NoLearning(**options).examine(history) if not isinstance(said, Skipped)]


@pytest.mark.parametrize("seed", range(5))
def test_a_flat_loss_is_found_whatever_its_noise(seed):
    (finding,) = findings(recorded(lambda _: 2.3, noise=0.3, seed=seed))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["steps"] == 400


@pytest.mark.parametrize("seed", range(5))
def test_a_fall_beyond_its_noise_is_learning_however_small(seed):
    assert findings(recorded(lambda at: 2.3 - 0.2 * at, noise=0.1, seed=seed)) == []


def test_the_same_fall_in_more_noise_is_none():
    assert len(findings(recorded(lambda at: 2.3 - 0.01 * at, noise=0.3))) == 1


def test_noise_that_would_hide_anything_decides_nothing():
    (said,) = NoLearning().examine(recorded(lambda _: 2.3, noise=1.0, steps=60))
    assert "noise hides falls" in said.reason


def test_validation_overrules_the_noise_of_training():
    noisy = {"noise": 0.8, "steps": 1000}
    assert findings(recorded(lambda _: 2.3, valid=lambda at: 2.3 - 0.8 * at, **noisy)) == []
    assert (
        findings(recorded(lambda _: 2.3, valid=lambda _: 2.3, scores={"f1": lambda at: 0.2 + 0.5 * at}, **noisy)) == []
    )
    assert len(findings(recorded(lambda _: 2.3, valid=lambda _: 2.3, scores={"f1": lambda _: 0.2}, **noisy))) == 1


def test_a_validation_loss_that_never_changes_is_a_failure():
    (finding,) = findings(still := unmoved(lambda _: 1.0))
    assert finding.severity is Severity.FAILURE
    assert finding.causes[0] == "no_optimizer_step"
    assert still["valid.loss"].values.std() == 0
    (piled,) = findings(unmoved(lambda at: 1 + 20 * at))
    assert piled.causes[0] == "optimizer_wrong_params"
    (cut,) = findings(unmoved(lambda _: 0.0))
    assert cut.causes[0] == "loss_detached"


def unmoved(norm):
    """A flat training loss, and the same validation loss at each of five evaluations."""
    losses = recorded(lambda _: 2.3, noise=0.01)["train.loss"].values[:200]
    rows = [(at + 1, {"train.loss": loss, "train.gradient_norm": norm(at / 200)}) for at, loss in enumerate(losses)]
    return History.of(
        sorted(rows + [(step, {"valid.loss": 2.3014159}) for step in range(40, 201, 40)], key=lambda row: row[0])
    )


@pytest.mark.parametrize("noise", [0.05, 0.25])
def test_what_comes_back_from_an_explosion_to_where_it_began_has_learnt_nothing(noise):
    back = thrown(1.6, noise)
    (finding,) = findings(back)
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "lr_too_high")
    assert "after having been" in finding.seen
    assert findings(thrown(1.0, noise)) == []


def thrown(end, noise, start=1.4, high=4.7):
    """A loss that begins at a value, jumps at once, and comes back from there; with accuracies that stand."""
    draw = np.random.default_rng(3).normal(size=600)
    losses = np.r_[start, end + (high - end) * np.exp(-np.arange(599) / 20) + noise * draw[1:]]
    rows = [(at + 1, {"train.loss": float(loss)}) for at, loss in enumerate(losses)]
    for at, share in zip(range(99, 600, 100), (0.38, 0.33, 0.4, 0.4, 0.33, 0.36), strict=True):
        rows[at][1]["valid.accuracy"] = share
    return History.of(rows)


def test_without_a_gradient_the_cause_is_another_one():
    (finding,) = findings(recorded(lambda _: 2.3, norm=lambda _: 1e-8))
    assert finding.causes[0] == "vanishing_gradient"


def test_a_validation_loss_that_creeps_down_tells_a_small_rate():
    (finding,) = findings(recorded(lambda _: 2.3, valid=lambda at: 2.3 - 0.01 * at, noise=0.001))
    assert finding.causes[0] == "lr_too_low"


def test_an_explosion_at_first_tells_a_large_rate():
    values = 2.3 + 0.02 * np.random.default_rng(0).normal(size=200)
    values[2:12] += 6.0
    (finding,) = findings(series(values), task="regression")
    assert finding.causes[0] == "lr_too_high"
    assert "after having been 8" in finding.seen


def test_one_step_from_far_away_to_guessing_tells_raw_inputs():
    values = 1.1 + 0.02 * np.random.default_rng(0).normal(size=200)
    values[0] = 75.0
    (finding,) = findings(series(values))
    assert finding.causes[0] == "unnormalized_input"


def test_neighbouring_losses_that_go_together_tell_sorted_rows():
    values = 2.3 + 0.3 * np.repeat(np.random.default_rng(0).normal(size=133), 3)
    (finding,) = findings(series(values))
    assert finding.causes[0] == "no_shuffle_sorted"


def test_what_was_learnt_before_the_log_began_is_no_standstill():
    flat = recorded(lambda _: 0.6, noise=0.05)
    assert len(findings(flat)) == 1
    assert findings(flat, task="classification", classes=10) == []
    assert findings(recorded(lambda _: 0.2, valid=lambda _: 0.2, scores={"accuracy": lambda _: 0.95}, noise=0.05)) == []


def test_guessing_is_no_learning_though_it_was_worse_at_first():
    def loss(at):
        return math.log(10) + 0.3 * math.exp(-60 * at)

    (finding,) = findings(recorded(loss, valid=loss, noise=0.01), task="classification", classes=10)
    assert finding.causes[0] == "model_ignores_input"
    assert "the loss of guessing" in finding.seen
    assert findings(recorded(loss, valid=loss, noise=0.01), task="classification", classes=11) == []


@pytest.mark.parametrize("rows", [6, 60, 600])
def test_a_fall_is_seen_however_quick(rows):
    values = 1.0 + 1.3 * np.exp(-np.arange(6000) / rows) + 0.05 * np.random.default_rng(0).normal(size=6000)
    assert findings(series(values)) == []


def test_a_loss_that_climbs_is_another_matter():
    assert findings(recorded(lambda at: 1.0 + 0.1 * at, noise=0.01)) == []
    assert len(findings(recorded(lambda at: 1.0 + 0.1 * at, noise=0.01), task="regression")) == 1
    assert findings(recorded(lambda at: 1.0 + 0.3 * at, noise=0.01), task="regression") == []


def test_epochs_count_where_a_validation_loss_stands_beside_each():
    flat = [0.7, 0.71, 0.69, 0.7, 0.7, 0.71, 0.7, 0.69, 0.7, 0.7]
    rows = [(epoch, {"train.loss": loss, "valid.loss": loss + 0.01 * (-1) ** epoch}) for epoch, loss in enumerate(flat)]
    assert len(findings(History.of(rows))) == 1
    assert findings(series(flat)) == []


@pytest.mark.parametrize("history", [series([1.0] * 49), series(np.random.default_rng(0).normal(size=100))])
def test_few_steps_and_both_signs_are_skipped(history):
    assert isinstance(next(NoLearning().examine(history)), Skipped)


def thrown_about(above, *, size=0.02, seed=0):
    """Means over epochs that stay so far above ln 10, and a validation loss that jumps about."""
    draw = np.random.default_rng(seed)
    return History.of(
        (
            20 * epoch,
            {
                "train.loss": math.log(10) + above + 0.1 * (epoch == 1) + 0.2 * size * float(draw.normal()),
                "valid.loss": math.log(10) + above + size * float(draw.normal()),
                "valid.accuracy": 0.1 + 0.01 * float(draw.normal()),
            },
        )
        for epoch in range(1, 21)
    )


def test_a_loss_that_jumps_above_guessing_is_of_steps_that_are_too_long():
    (finding,) = findings(thrown_about(0.06), task="classification", classes=10)
    assert finding.causes[0] == "lr_too_high"
    assert "one answer for all rows would cost less" in finding.seen


@pytest.mark.parametrize(
    ("history", "options"),
    [
        (thrown_about(-0.15), {"task": "classification", "classes": 10}),  # below guessing: something is known
        (thrown_about(1.5), {"task": "classification", "classes": 10}),  # not a mean, or of two terms
    ],
)
def test_what_lies_below_guessing_or_far_above_it_says_nothing_of_that(history, options):
    assert not any("one answer for all rows" in finding.seen for finding in findings(history, **options))


def test_a_term_that_is_added_to_each_loss_does_not_move():
    added = recorded(lambda at: 2.5 - 0.1 * min(1, 4 * at), valid=lambda at: 2.5 - 0.1 * min(1, 4 * at), noise=0.005)
    assert not any("cost less" in finding.seen for finding in findings(added, task="classification", classes=10))


def test_a_loss_that_stands_after_a_wild_moment_is_noted_and_one_that_goes_on_is_not():
    losses = 1 + 0.2 * np.random.default_rng(0).normal(size=300)
    losses[:4] = (3000.0, 900.0, 80.0, 7.0)
    (finding,) = findings(series(losses))
    assert (finding.severity, finding.causes[1]) == (Severity.NOTE, "lr_too_high")
    assert findings(series(losses * np.linspace(1, 0.2, 300))) == []
    losses[0:4] = 9.0  # high, but not wild
    assert findings(series(losses)) == []


def stands(level, *, start=None, first_step=50, noise=0.01, steps=20):
    draw = np.random.default_rng(5).normal(size=(2, steps))
    rows = [
        (
            first_step * (at + 1),
            {
                "train.loss": (start if start and at < 4 else level) + noise * draw[0, at],
                "valid.loss": level + 0.1 * noise * draw[1, at],
            },
        )
        for at in range(steps)
    ]
    return History.of(rows)


def test_means_that_stand_elsewhere_than_at_guessing_are_noted():
    told = {"task": "classification", "classes": 2}
    assert [finding.severity for finding in findings(stands(0.64), **told)] == [Severity.NOTE]
    assert [finding.severity for finding in findings(stands(math.log(2), noise=0.001), **told)] == [Severity.WARNING]


def test_what_knows_only_how_frequent_each_class_is_ignores_its_input():
    (finding,) = findings(stands(3.0, first_step=10, steps=60), task="generation", classes=30)
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "model_ignores_input")
    assert findings(stands(1.5, first_step=10, steps=60), task="generation", classes=30) == []


def test_a_way_down_to_guessing_from_far_above_was_an_explosion_or_large_outputs():
    (finding,) = findings(
        stands(math.log(10), start=6.0, first_step=5, noise=0.003, steps=60), task="classification", classes=10
    )
    assert finding.causes[0] == "lr_too_high"
