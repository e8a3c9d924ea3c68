import numpy as np
import pytest

from kilter.logs.naming import named
from kilter.values.errors import UsageError
from kilter.values.history import History
from kilter.values.log import Log


def rows(*values):
    """A log whose steps are no more than the numbers of its rows."""
    return Log(name="run", history=History.of(enumerate(values, start=1)), notes=("Before.",))


def test_a_counter_becomes_the_steps():
    log = named(rows({"step": 10, "loss": 2.0}, {"step": 20, "loss": 1.0}), numbered=True)

    assert log.history["train.loss"].steps.tolist() == [10, 20]
    assert log.history.names == ("train.loss",)
    assert log.taken == {"step": "step", "train.loss": "loss"}
    assert (log.name, log.notes) == ("run", ("Before.",))


def test_a_row_without_the_counter_stands_at_the_last_one():
    log = named(rows({"step": 10, "loss": 2.0}, {"val_loss": 3.0}, {"step": 20, "loss": 1.0}), numbered=True)

    assert log.history["valid.loss"].steps.tolist() == [10]


def test_epochs_count_where_no_step_does():
    log = named(rows({"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}), numbered=True)

    assert log.history["train.loss"].steps.tolist() == [1, 2]
    assert log.notes[-1] == "No column counts steps: a step here is an epoch."


def test_rows_are_numbered_where_an_epoch_has_several():
    log = named(rows(*({"epoch": row // 3, "loss": 1.0} for row in range(9))), numbered=True)

    assert log.history["train.loss"].steps.tolist() == list(range(1, 10))
    assert log.notes[-1] == "No column counts steps: rows are numbered from 1."


def test_a_counter_within_the_epoch_is_numbered_on_and_evaluations_go_along():
    values = [{"epoch": e, "batch": b, "loss": 1.0} for e in range(3) for b in range(10)]
    for at in (30, 20, 10):
        values.insert(at, {"epoch": at // 10 - 1, "batch": 9, "val_loss": 1.0})
    log = named(rows(*values), numbered=True)

    assert log.history["train.loss"].steps.tolist() == list(range(30))
    assert log.history["valid.loss"].steps.tolist() == [9, 19, 29]
    assert "begin anew 2 times" in log.notes[-1]


def test_all_of_training_may_stand_before_all_of_validation():
    values = [{"step": step, "train_loss": 1.0} for step in range(10)]
    values += [{"step": step, "val_loss": 1.0} for step in range(0, 10, 3)]
    log = named(rows(*values), numbered=True)

    assert log.history["train.loss"].steps.tolist() == list(range(10))
    assert log.history["valid.loss"].steps.tolist() == [0, 3, 6, 9]
    assert log.notes == ("Before.",)


def test_after_a_resume_the_later_writing_holds():
    steps = [*range(0, 100, 10), *range(50, 150, 10)]
    log = named(rows(*({"step": step, "loss": float(at)} for at, step in enumerate(steps))), numbered=True)

    assert log.history["train.loss"].steps.tolist() == list(range(0, 150, 10))
    assert log.history["train.loss"].values[5] == 10.0
    assert "resume" in log.notes[-1]


@pytest.mark.parametrize("counter", [[32, 32, 32], [0.5, 1.5, 2.5], [-1, 0, 1]])
def test_what_cannot_count_steps_is_a_curve(counter):
    log = named(rows(*({"batch": number, "loss": 1.0} for number in counter)), numbered=True)

    assert log.history["batch"].values.tolist() == counter
    assert log.history["train.loss"].steps.tolist() == [1, 2, 3]


def test_what_was_chosen_for_the_steps_and_cannot_be_is_refused():
    with pytest.raises(UsageError, match="'lr' was chosen for the steps"):
        named(rows({"lr": 0.1, "loss": 1.0}, {"lr": 0.1, "loss": 1.0}), {"step": "lr"}, numbered=True)


def test_steps_that_the_log_has_itself_stay():
    history = History.of([(100, {"train/loss": 2.0, "val_acc": 0.5}), (200, {"train/loss": 1.0})])
    log = named(Log(name="run", history=history))

    assert list(log.history.rows()) == [(100, {"train.loss": 2.0, "valid.accuracy": 0.5}), (200, {"train.loss": 1.0})]


def test_a_counter_among_the_curves_goes_before_the_logs_own_steps():
    history = History.of((row, {"train/loss": 1.0, "trainer/global_step": 50.0 * row}) for row in range(5))

    assert named(Log(name="run", history=history)).history["train.loss"].steps.tolist() == [0, 50, 100, 150, 200]


def test_kilters_own_names_go_through_unchanged():
    history = History.of(
        (
            step,
            {"train.loss": 1.0, "train.batch": 5.0, "valid.macro_f1": 0.5, "update/a.weight": 1e-3, "layers.every": 9},
        )
        for step in range(1, 5)
    )
    log = named(Log(name="run", history=history))

    assert log.history == history
    assert log.notes == ()


def test_a_log_without_a_row():
    assert named(Log(name="run", history=History()), numbered=True).history.names == ()


def test_a_hundred_thousand_rows_are_no_burden():
    count = 100_000
    every = np.arange(count)
    history = History.of_columns(every + 1, {"step": (every, every.astype(float)), "loss": (every, np.ones(count))})

    assert named(Log(name="run", history=history), numbered=True).history["train.loss"].steps[-1] == count - 1
