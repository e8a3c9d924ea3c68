"""The first loss of a log against that of guessing."""

import math

import numpy as np
import pytest

from kilter.checks.curves.first_logged_loss import TASKS, FirstLoggedLoss
from kilter.testing.healthy.histories import series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History
from kilter.values.program import Kind


def examined(losses, task="classification", classes=10, **options):
    return list(FirstLoggedLoss(task=task, classes=classes, **options).examine(series(losses)))


def falling_from(first, end=0.5):
    return [end + (first - end) * 0.9**at for at in range(60)]


def test_the_tasks_are_those_of_programs():
    assert set(TASKS) <= {str(kind) for kind in Kind}


@pytest.mark.parametrize("classes", [2, 10, 1000, 50_000])
def test_guessing_is_silent_for_any_number_of_classes(classes):
    assert examined(falling_from(math.log(classes)), classes=classes) == []
    assert examined(falling_from(1.2 * math.log(classes)), classes=classes) == []


def test_far_above_guessing_is_a_warning_and_a_little_above_a_note():
    (finding,) = examined(falling_from(50.0))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "bad_output_init"
    assert finding.evidence["guessing"] == pytest.approx(math.log(10))
    assert [finding.severity for finding in examined(falling_from(4.5))] == [Severity.NOTE]


def test_the_logarithm_of_the_rows_of_a_batch_tells_the_wrong_dimension():
    (finding,) = examined(falling_from(math.log(64)))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "wrong_softmax_dim"
    assert "guessing among 64 rows" in finding.seen


def test_a_sum_stays_large_to_the_end():
    (finding,) = examined(falling_from(64 * math.log(10), end=20.0))
    assert finding.causes[0] == "loss_sum_reduction"


def test_sequences_may_sum_over_their_places():
    assert [finding.severity for finding in examined(falling_from(30.0), task="tagging")] == [Severity.NOTE]


def test_labels_of_many_kinds_may_be_summed_or_averaged():
    assert examined(falling_from(math.log(2)), task="multilabel", classes=20) == []
    assert examined(falling_from(20 * math.log(2)), task="multilabel", classes=20) == []
    assert len(examined(falling_from(100.0), task="multilabel", classes=20)) == 1


def test_far_below_guessing_is_a_note_at_the_first_step_only():
    (finding,) = examined(falling_from(0.09, end=0.05))
    assert finding.severity is Severity.NOTE
    late = History.of((100 + at, {"train.loss": loss}) for at, loss in enumerate(falling_from(0.09, end=0.05)))
    assert list(FirstLoggedLoss(task="classification", classes=10).examine(late)) == []


def test_nothing_said_is_judged_only_where_no_vocabulary_explains_it():
    def log(first, end, name):
        losses = enumerate(falling_from(first, end), start=1)
        return History.of((at, {"train.loss": loss, name: 0.1}) for at, loss in losses)

    assert len(list(FirstLoggedLoss().examine(log(50.0, 0.5, "valid.accuracy")))) == 1
    assert isinstance(next(FirstLoggedLoss().examine(log(50.0, 0.5, "valid.mae"))), Skipped)
    assert isinstance(next(FirstLoggedLoss().examine(log(10.0, 0.5, "valid.accuracy"))), Skipped)
    assert isinstance(next(FirstLoggedLoss().examine(log(50.0, 20.0, "valid.accuracy"))), Skipped)


def test_tasks_without_such_a_height_and_empty_logs_are_skipped():
    assert isinstance(examined(falling_from(50.0), task="regression")[0], Skipped)
    assert isinstance(next(FirstLoggedLoss().examine(History())), Skipped)


@pytest.mark.parametrize(("step", "cause"), [(1, "loss_sum_reduction"), (20, "lr_too_high")])
def test_what_was_logged_after_some_steps_may_be_their_doing(step, cause):
    rows = ((step * (at + 1), {"train.loss": loss}) for at, loss in enumerate(falling_from(11.0)))
    (finding,) = FirstLoggedLoss(task="classification", classes=10).examine(History.of(rows))
    assert cause in finding.causes


def test_what_guesses_in_evaluation_is_disturbed_in_training():
    rows = [(50 * at + 50, {"train.loss": 5.0 - at * 0.1, "valid.loss": 2.99}) for at in range(10)]
    (finding,) = FirstLoggedLoss(task="classification", classes=20).examine(History.of(rows))
    assert finding.causes[0] == "dropout_too_high"


def test_sums_vary_no_more_than_their_rows():
    draw = np.random.default_rng(0).normal(size=100)

    def causes(noise):
        rows = [(5 * at + 5, {"train.loss": 40.0 * (1 + noise * draw[at])}) for at in range(100)]
        (finding,) = FirstLoggedLoss(task="classification", classes=10).examine(History.of(rows))
        return finding.causes

    assert causes(0.05)[0] == "loss_sum_reduction"
    assert causes(0.4)[0] == "lr_too_high"
