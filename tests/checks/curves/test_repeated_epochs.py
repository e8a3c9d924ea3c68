"""The same pattern in each epoch."""

import numpy as np
import pytest

from kilter.checks.curves.repeated_epochs import RepeatedEpochs
from kilter.testing.healthy.histories import recorded
from kilter.testing.healthy.histories_of_losses import epochs
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def findings(history):
    return [said for said in RepeatedEpochs().examine(history) if not isinstance(said, Skipped)]


def log(pattern, count=8, noise=0.05, fall=1.0, seed=0):
    """A loss that falls by so much in so many epochs, each with the pattern and noise of its own."""
    pattern = np.asarray(pattern)
    total = count * len(pattern)
    drawn = np.random.default_rng(seed).normal(size=total)
    return epochs(2.0 - fall * np.arange(total) / total + np.tile(pattern, count) + noise * drawn, len(pattern))


STRETCHES = np.repeat([0.4, -0.3, 0.3, -0.4], 10)
SINGLE = 0.3 * np.random.default_rng(1).normal(size=40)


def test_stretches_are_a_warning_and_single_batches_a_note():
    (finding,) = findings(log(STRETCHES))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["size"] == pytest.approx(np.std(STRETCHES), rel=0.3)
    assert finding.evidence["share"] > 0.9
    assert [finding.severity for finding in findings(log(SINGLE))] == [Severity.NOTE]


def test_losses_that_take_turns_are_silent():
    assert findings(log(np.tile([0.5, -0.5], 20))) == []


def test_stretches_that_are_small_beside_the_fall_are_a_note():
    assert [finding.severity for finding in findings(log(0.1 * STRETCHES, noise=0.005))] == [Severity.NOTE]


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_epochs_are_silent(seed):
    assert findings(log(np.zeros(40), noise=0.3, seed=seed)) == []


def test_what_few_epochs_have_in_common_by_chance_is_silent():
    for seed in range(30):
        assert findings(log(np.zeros(12), count=4, noise=0.3, fall=0.0, seed=seed)) == []


def test_steps_at_the_borders_of_epochs_are_silent():
    assert findings(log(np.linspace(-0.2, 0.2, 40), noise=0.1)) == []


def test_evaluations_stand_for_borders_where_no_epochs_were_recorded():
    losses = log(STRETCHES)["train.loss"].values
    rows = []
    for at, loss in enumerate(losses, start=1):
        rows.append((at, {"train.loss": float(loss)}))
        rows += [(at, {"valid.loss": 1.0})] if at % 40 == 0 else []
    assert len(findings(History.of(rows))) == 1


def test_logs_without_epochs_or_of_few_are_skipped():
    assert isinstance(next(RepeatedEpochs().examine(log(STRETCHES, count=3))), Skipped)
    assert isinstance(next(RepeatedEpochs().examine(recorded(lambda _: 1.0, evaluations=0))), Skipped)
