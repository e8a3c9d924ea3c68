import pytest
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary

from kilter.logs.records import framed
from kilter.logs.tensorboard import read_tensorboard
from kilter.tracking.tensorboard import TensorBoardMirror
from kilter.values.errors import DataError


@pytest.fixture
def write(tmp_path):
    """Writes an event file; names sort by `number`, as the time in a real one's name does."""

    def write(folder, number, points, *, start=None):
        events = [Event(file_version="brain.Event:2")]
        if start is not None:
            events.append(Event(step=start, session_log=SessionLog(status=SessionLog.START)))
        for step, values in points:
            written = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
            events.append(Event(step=step, summary=Summary(value=written)))
        path = tmp_path / folder / f"events.out.tfevents.{number:010d}.host.1.0"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(framed(event.SerializeToString()) for event in events))
        return path

    return write


def every(steps, value, *names):
    return [(step, dict.fromkeys(names or ("loss",), value)) for step in steps]


def rows(log):
    return list(log.history.rows())


def test_each_folder_is_a_run(write, tmp_path):
    write("runs/b", 1, [(1, {"loss": 2.0, "acc": 0.5}), (2, {"loss": 1.0})])
    write("runs/a/deep", 1, [(1, {"loss": 3.0})])
    (tmp_path / "runs/b/model.pt").write_bytes(b"no event file")

    logs = read_tensorboard(tmp_path / "runs")

    assert [log.name for log in logs] == ["b", "a/deep"] or [log.name for log in logs] == ["a/deep", "b"]
    by_name = {log.name: log for log in logs}
    assert rows(by_name["b"]) == [(1, {"loss": 2.0, "acc": 0.5}), (2, {"loss": 1.0})]
    assert rows(by_name["a/deep"]) == [(1, {"loss": 3.0})]
    assert all(log.notes == () for log in logs)


def test_a_runs_own_folder_and_a_file_are_named_as_they_are(write, tmp_path):
    path = write("runs/a", 1, [(1, {"loss": 2.0})])
    write("runs/a", 2, [(1, {"other": 2.0})])

    (of_folder,) = read_tensorboard(tmp_path / "runs/a")
    (of_file,) = read_tensorboard(path)

    assert (of_folder.name, of_folder.history.names) == ("a", ("loss", "other"))
    assert (of_file.name, of_file.history.names) == (path.name, ("loss",))


def test_a_resumed_run_takes_the_place_of_what_went_beyond(write, tmp_path):
    write("a", 1, every(range(1, 9), 1.0, "loss", "rate"))
    write("a", 2, every(range(5, 7), 2.0))

    (log,) = read_tensorboard(tmp_path)

    assert log.history["loss"].values.tolist() == [1.0] * 4 + [2.0] * 2
    assert log.history["rate"].steps.tolist() == [1, 2, 3, 4]
    assert log.notes == ("What a says of step 5 and later is taken from events.out.tfevents.0000000002.host.1.0.",)


def test_a_start_that_is_written_holds(write, tmp_path):
    write("a", 1, every(range(1, 9), 1.0))
    write("a", 2, every(range(6, 8), 2.0), start=4)

    (log,) = read_tensorboard(tmp_path)

    assert log.history["loss"].steps.tolist() == [1, 2, 3, 6, 7]


def test_kilters_own_mirror_is_read_across_a_resume(tmp_path):
    first = TensorBoardMirror(tmp_path / "tb")
    first.write([(step, {"train.loss": 1.0}) for step in (1, 2, 3, 4)])
    first.close()
    second = TensorBoardMirror(tmp_path / "tb", start=2)
    second.write([(3, {"train.loss": 0.5})])
    second.close()

    (log,) = read_tensorboard(tmp_path / "tb")

    assert rows(log) == [(1, {"train/loss": 1.0}), (2, {"train/loss": 1.0}), (3, {"train/loss": 0.5})]


def test_two_trainings_in_one_folder_are_two_logs_and_said(write, tmp_path):
    write("a", 1, every(range(1, 9), 1.0))
    write("a", 2, every(range(1, 4), 2.0))

    first, second = read_tensorboard(tmp_path / "a")

    assert (first.name, second.name) == ("a", "a (2)")
    assert (len(first.history), len(second.history)) == (8, 3)
    assert second.notes == ("a holds 2 trainings that began alike; this is number 2.",)


def test_a_number_that_each_start_writes_at_step_0_makes_no_second_training(write, tmp_path):
    write("a", 1, [(0, {"hp_metric": -1.0}), *every(range(1, 9), 1.0)])
    write("a", 2, [(0, {"hp_metric": -1.0}), *every(range(6, 12), 2.0)])

    (log,) = read_tensorboard(tmp_path)

    assert log.history["loss"].values.tolist() == [1.0] * 5 + [2.0] * 6


def test_writers_of_different_tags_write_one_training(write, tmp_path):
    write("a", 1, every(range(1, 9), 1.0))
    write("a", 2, every(range(1, 9, 4), 2.0, "valid"))

    (log,) = read_tensorboard(tmp_path)

    assert log.history.names == ("loss", "valid")


def test_folders_of_add_scalars_are_curves_of_the_run_above_them(write, tmp_path):
    write("a", 1, every([1], 0.0, "rate"))
    write("a/main_loss_train", 2, every([1, 2], 1.0, "main/loss"))
    write("a/main_loss_valid", 3, every([1, 2], 2.0, "main/loss"))
    write("a/elsewhere", 4, every([1, 2], 3.0, "main/loss"))

    logs = {log.name: log for log in read_tensorboard(tmp_path)}

    assert set(logs) == {"a", "a/elsewhere"}
    assert rows(logs["a"])[1] == (2, {"main/loss/train": 1.0, "main/loss/valid": 2.0})


@pytest.mark.parametrize(("one", "other"), [("train", "validation"), ("train", "eval"), ("training", "val")])
def test_folders_of_splits_are_curves_of_the_run_above_them(write, tmp_path, one, other):
    write(f"a/{one}", 1, every([0, 1], 1.0, "epoch_loss"))
    write(f"a/{other}", 2, every([0, 1], 2.0, "epoch_loss"))

    (log,) = read_tensorboard(tmp_path)

    assert log.name == "a"
    assert rows(log)[0] == (0, {f"{one}/epoch_loss": 1.0, f"{other}/epoch_loss": 2.0})


def test_a_run_that_is_called_test_is_a_run(write, tmp_path):
    write("runs/test", 1, every([0, 1], 1.0))
    write("runs/first", 1, every([0, 1], 1.0))

    assert {log.name for log in read_tensorboard(tmp_path / "runs")} == {"test", "first"}


def test_a_folder_that_only_says_how_a_run_ended_is_left_out(write, tmp_path):
    write("a", 1, every([1, 2], 1.0))
    write("a/1700000000.1", 2, every([0], 1.0, "final"))
    write("b/1700000000.1", 2, every([0], 1.0, "final"))

    assert {log.name for log in read_tensorboard(tmp_path)} == {"a", "b/1700000000.1"}


def test_where_there_is_nothing_to_read_is_said(write, tmp_path):
    write("empty", 1, [])

    with pytest.raises(DataError, match="holds a number"):
        read_tensorboard(tmp_path / "empty")
    with pytest.raises(DataError, match="is not there"):
        read_tensorboard(tmp_path / "none")
    (tmp_path / "bare").mkdir()
    with pytest.raises(DataError, match="has no event file"):
        read_tensorboard(tmp_path / "bare")


def test_the_mark_of_a_profile_is_no_event_file(write, tmp_path):
    write("a", 1, every([1], 1.0))
    (tmp_path / "a/events.out.tfevents.1.profile-empty").write_bytes(b"anything")

    assert len(read_tensorboard(tmp_path)) == 1
