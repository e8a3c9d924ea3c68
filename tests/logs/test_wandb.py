import pytest

from kilter.logs.wandb import read_wandb
from kilter.values.errors import DataError


@pytest.fixture
def write(tmp_path, offline):
    def write(folder, run, *records, name=""):
        path = tmp_path / "wandb" / folder / f"run-{run}.wandb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(offline.file_of(offline.run(run, name), *records))
        return path

    return write


@pytest.fixture
def losses(offline):
    return [offline.history(step, offline.item("loss", str(10 - step))) for step in range(3)]


LOSSES = [(0, {"loss": 10.0}), (1, {"loss": 9.0}), (2, {"loss": 8.0})]


def test_runs_come_oldest_first_under_names_that_tell_them_apart(write, losses, tmp_path):
    write("offline-run-20260102_000000-b", "b", *losses, name="same")
    write("offline-run-20260101_000000-a", "a", *losses, name="same")
    write("offline-run-20260103_000000-c", "c", *losses)
    (tmp_path / "wandb/latest-run").symlink_to("offline-run-20260102_000000-b")

    logs = read_wandb(tmp_path)

    assert [log.name for log in logs] == ["same (a)", "same (b)", "c"]
    assert [list(log.history.rows()) for log in logs] == [LOSSES] * 3
    assert all(log.notes == () for log in logs)


@pytest.mark.parametrize("at", [".", "wandb", "wandb/run-1-a", "wandb/run-1-a/run-a.wandb", "wandb/latest-run"])
def test_a_run_is_found_by_each_path_to_it(write, losses, tmp_path, at):
    write("run-1-a", "a", *losses)
    (tmp_path / "wandb/latest-run").symlink_to("run-1-a")

    (log,) = read_wandb(tmp_path / at)

    assert list(log.history.rows()) == LOSSES


def test_steps_are_those_that_the_run_names(write, offline, tmp_path):
    item, history = offline.item, offline.history
    write(
        "run",
        "a",
        offline.metric("*", "trainer/global_step", pattern=True),
        history(0, item("early", "5")),
        history(1, item("loss", "2"), item("trainer/global_step", "50"), item("_runtime", "1")),
        history(2, item("loss", "1"), item("trainer/global_step", "100"), item("_runtime", "2")),
        history(3, item("accuracy", ".5")),
    )

    (log,) = read_wandb(tmp_path)

    assert list(log.history.rows()) == [
        (0, {"early": 5.0}),
        (50, {"_runtime": 1.0, "loss": 2.0}),
        (100, {"_runtime": 2.0, "loss": 1.0, "accuracy": 0.5}),
    ]
    assert log.notes == ("Steps are those of trainer/global_step, which the run names as its step.",)


def test_a_metric_with_a_step_of_its_own(write, offline, tmp_path):
    item, history = offline.item, offline.history
    write(
        "run",
        "a",
        offline.metric("valid/loss", "valid/step"),
        history(0, item("loss", "2"), item("valid/loss", "3"), item("valid/step", "10")),
    )

    (log,) = read_wandb(tmp_path)

    assert list(log.history.rows()) == [(0, {"loss": 2.0}), (10, {"valid/loss": 3.0})]


def test_an_epoch_is_no_step(write, offline, tmp_path):
    item, history = offline.item, offline.history
    write(
        "run",
        "a",
        offline.metric("*", "epoch", pattern=True),
        history(4, item("loss", "2"), item("epoch", "1")),
        history(9, item("loss", "1"), item("epoch", "1")),
    )

    (log,) = read_wandb(tmp_path)

    assert list(log.history.rows()) == [(4, {"epoch": 1.0, "loss": 2.0}), (9, {"epoch": 1.0, "loss": 1.0})]
    assert log.notes == ()


def test_runs_without_a_number_are_left_out(write, losses, offline, tmp_path):
    write("one", "a", *losses)
    write("two", "b", offline.history(0, offline.item("word", '"x"')))
    write("three", "c")

    assert [log.name for log in read_wandb(tmp_path)] == ["a"]


def test_where_there_is_nothing_to_read_is_said(write, tmp_path):
    with pytest.raises(DataError, match="has no file run"):
        read_wandb(tmp_path)
    with pytest.raises(DataError, match="is not there"):
        read_wandb(tmp_path / "none")
    write("run", "a")
    with pytest.raises(DataError, match="holds a number"):
        read_wandb(tmp_path)
