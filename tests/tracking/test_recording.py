import pytest

from kilter.logs.metrics_jsonl import read_log
from kilter.tracking import recording
from kilter.tracking.recording import Recording, open_recording
from kilter.training.events import Finished, StepDone
from kilter.values.errors import TrainingError, UsageError
from kilter.values.history import History

EVENT = StepDone(1, 0, 0.5, 1.0, 0.1)


class Tape:
    def __init__(self, failing=None):
        self.rows, self.flushed, self.closed, self.failing = [], 0, False, failing

    def write(self, rows):
        if self.failing:
            raise self.failing
        self.rows += rows

    def flush(self):
        self.flushed += 1

    def close(self):
        self.closed = True


def history(steps):
    return History.of((step, {"a": float(step)}) for step in range(1, steps + 1))


def test_every_row_is_written_once_and_in_order():
    truth, mirror = Tape(), Tape()
    tracking = Recording(truth, [("m", mirror)], every=0.0)
    seen = History()
    for step in range(1, 5):
        seen = seen.append(step, {"a": float(step)})
        tracking.see(EVENT, seen)
        tracking.see(EVENT, seen)
    tracking.flush()
    tracking.close()

    assert truth.rows == list(seen.rows())
    assert mirror.rows == truth.rows
    assert truth.flushed == 1
    assert truth.closed
    assert mirror.closed


def test_all_files_are_let_go_of_when_the_last_rows_find_no_room():
    truth, mirror = Tape(failing=TrainingError("no room")), Tape()
    tracking = Recording(truth, [("m", mirror)], every=1e9)
    tracking.see(EVENT, history(3))
    with pytest.raises(TrainingError):
        tracking.close()
    assert truth.closed
    assert mirror.closed


def test_rows_are_gathered_until_they_are_due():
    truth = Tape()
    tracking = Recording(truth, every=1e9)
    tracking.see(EVENT, history(3))
    assert truth.rows == []

    tracking.see(Finished(3, "done"), history(3))
    assert len(truth.rows) == 3


def test_rows_that_are_on_disk_already_are_not_written_again():
    truth = Tape()
    tracking = Recording(truth, written=2, every=0.0)
    tracking.see(EVENT, history(3))

    assert truth.rows == [(3, {"a": 3.0})]


def test_a_failing_mirror_is_dropped_after_one_warning():
    truth, good, bad = Tape(), Tape(), Tape(failing=RuntimeError("no network"))
    tracking = Recording(truth, [("bad", bad), ("good", good)], every=0.0)
    with pytest.warns(UserWarning, match="the bad mirror failed and is dropped: no network") as caught:
        tracking.see(EVENT, history(1))
    for steps in (2, 3):
        tracking.see(EVENT, history(steps))
    tracking.close()

    assert len(caught) == 1
    assert len(truth.rows) == len(good.rows) == 3
    assert not bad.closed


def test_a_failing_truth_ends_the_training():
    tracking = Recording(Tape(failing=TrainingError("no room")), every=0.0)

    with pytest.raises(TrainingError, match="no room"):
        tracking.see(EVENT, history(1))


def test_a_run_is_recorded_into_its_folder_and_gone_on_with(tmp_path):
    first, before = open_recording(tmp_path, mirrors=["tensorboard"])
    first.see(Finished(3, ""), history(3))
    first.close()
    second, going_on = open_recording(tmp_path, start=2)
    second.see(Finished(3, ""), going_on.append(3, {"a": 9.0}))
    second.close()

    assert len(before) == 0
    assert list(going_on.rows()) == list(history(2).rows())
    assert read_log(tmp_path / "metrics.jsonl").history["a"].values.tolist() == [1.0, 2.0, 9.0]
    assert list((tmp_path / "tensorboard").iterdir())


def test_a_mirror_that_cannot_be_opened_is_left_out_with_a_warning(tmp_path):
    (tmp_path / "tensorboard").write_text("in the way", "utf-8")
    with pytest.warns(UserWarning, match="the tensorboard mirror could not be opened"):
        tracking, _ = open_recording(tmp_path, mirrors=["tensorboard"])
    tracking.see(Finished(1, ""), history(1))
    tracking.close()

    assert len(read_log(tmp_path / "metrics.jsonl").history) == 1


def test_an_unknown_mirror_is_refused(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'tensorboard'"):
        open_recording(tmp_path, mirrors=["tensorbord"])
    assert recording.MIRRORS == ("tensorboard",)
