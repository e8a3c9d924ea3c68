import math
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from kilter.logs.mlflow import read_mlflow
from kilter.values.errors import DataError

TABLES = """
CREATE TABLE runs (run_uuid VARCHAR(32), name VARCHAR(250), start_time BIGINT, lifecycle_stage VARCHAR(20));
CREATE TABLE metrics (
    "key" VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT, is_nan BOOLEAN
);
"""


@pytest.fixture
def database(tmp_path):
    """Writes a database of runs (id, name, start, stage) and metrics (run, key, step, value, time, is_nan)."""

    def write(runs, metrics):
        path = tmp_path / "mlflow.db"
        with closing(sqlite3.connect(path)) as store, store:
            store.executescript(TABLES)
            store.executemany(
                "INSERT INTO runs (run_uuid, name, start_time, lifecycle_stage) VALUES (?, ?, ?, ?)", runs
            )
            store.executemany(
                'INSERT INTO metrics (run_uuid, "key", step, value, timestamp, is_nan) VALUES (?, ?, ?, ?, ?, ?)',
                metrics,
            )
        return path

    return write


@pytest.fixture
def store(tmp_path):
    """Writes a run's folder: what meta.yaml says, and lines by metric."""

    def write(run, metrics, *, experiment="7", **about):
        folder = tmp_path / "mlruns" / experiment / run
        about = {"run_id": run, "run_name": run, "start_time": 1, "lifecycle_stage": "active", **about}
        folder.mkdir(parents=True)
        (folder / "metrics").mkdir()
        (folder / "meta.yaml").write_text("".join(f"{key}: {value}\n" for key, value in about.items()), "utf-8")
        for key, lines in metrics.items():
            path = folder / "metrics" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return folder

    return write


def rows(log):
    return list(log.history.rows())


def test_a_database(database, tmp_path):
    path = database(
        [("r2", "second", 20, "active"), ("r1", "first", 10, "active"), ("r3", "bare", 30, "active")],
        [
            ("r1", "loss", 0, 2.0, 100, 0),
            ("r2", "loss", 0, 5.0, 100, 0),
            ("r1", "train/acc", 1, 0.5, 101, 0),
            ("r1", "loss", 1, 1.0, 101, 0),
        ],
    )

    first, second = read_mlflow(path)

    assert (first.name, rows(first)) == ("first", [(0, {"loss": 2.0}), (1, {"loss": 1.0, "train/acc": 0.5})])
    assert (second.name, rows(second)) == ("second", [(0, {"loss": 5.0})])
    assert first.notes == ()
    assert [log.name for log in read_mlflow(tmp_path)] == ["first", "second"]


def test_numbers_that_are_none_in_a_database(database):
    largest = sys.float_info.max
    path = database(
        [("r", "x", 1, "active")],
        [("r", "a", 1, 0.0, 1, 1), ("r", "b", 1, largest, 1, 0), ("r", "c", 1, -largest, 1, 0)],
    )
    (log,) = read_mlflow(path)

    assert math.isnan(log.history.last("a"))
    assert (log.history.last("b"), log.history.last("c")) == (math.inf, -math.inf)


def test_values_of_one_millisecond_stand_as_they_were_inserted(database):
    values = [3.0, 1.0, 2.0]
    (log,) = read_mlflow(database([("r", "x", 1, "active")], [("r", "a", 0, value, 5, 0) for value in values]))

    assert log.history["a"].values.tolist() == values
    assert log.history["a"].steps.tolist() == [0, 1, 2]
    assert len(log.notes) == 1


def test_deleted_runs_are_left_out(database, store, tmp_path):
    metrics = [(run, "loss", 0, 1.0, 1, 0) for run in "ab"]
    assert [
        log.name for log in read_mlflow(database([("a", "a", 1, "deleted"), ("b", "b", 1, "active")], metrics))
    ] == ["b"]

    store("gone", {"loss": ["1 1.0 0"]}, lifecycle_stage="deleted")
    store("there", {"loss": ["1 1.0 0"]})
    assert [log.name for log in read_mlflow(tmp_path / "mlruns")] == ["there"]


def test_a_database_is_left_as_it_was(database, tmp_path):
    path = database([("r", "x", 1, "active")], [("r", "a", 0, 1.0, 5, 0)])
    before = path.read_bytes()

    read_mlflow(path)

    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_path_that_a_locator_would_misread(database, tmp_path):
    path = database([("r", "x", 1, "active")], [("r", "a", 0, 1.0, 5, 0)])
    odd = tmp_path / "50% a?b#c.db"
    path.rename(odd)

    assert len(read_mlflow(odd)) == 1


@pytest.mark.parametrize("at", [".", "mlruns", "mlruns/7", "mlruns/7/first"])
def test_a_folder(store, tmp_path, at):
    store("first", {"loss": ["100 2.0 0", "101 1.0 10"], "train/acc": ["101 nan 10"], "none": []}, run_name="'1e3'")

    (log,) = read_mlflow(tmp_path / at)

    assert log.name == "1e3"
    assert [(step, set(row)) for step, row in rows(log)] == [(0, {"loss"}), (10, {"loss", "train/acc"})]
    assert log.history["loss"].values.tolist() == [2.0, 1.0]
    assert math.isnan(log.history.last("train/acc"))


def test_runs_of_a_folder_come_oldest_first_under_names_that_tell_them_apart(store, tmp_path):
    for run, start in (("aaaaaaaaaa", 3), ("bbbbbbbbbb", 2), ("cccccccccc", 1)):
        store(run, {"loss": ["1 1.0 0"]}, run_name="same" if start > 1 else "", start_time=start)

    assert [log.name for log in read_mlflow(tmp_path)] == ["cccccccc", "same (bbbbbbbb)", "same (aaaaaaaa)"]


def test_lines_with_fewer_and_with_more_words(store, tmp_path):
    store("r", {"loss": ["100 2.0", "101 1.0 0 data digest"], "cut": ["100 2.0 5", "101", "102 x 7"]})

    (log,) = read_mlflow(tmp_path)

    assert log.history["loss"].values.tolist() == [2.0, 1.0]
    assert log.history["cut"].steps.tolist() == [5]
    assert log.notes[0] == "2 lines of cut are no metric and are left out."


def test_what_is_no_run_is_passed_over(store, tmp_path):
    store("r", {"loss": ["1 1.0 0"]})
    store("m-1", {"loss": ["1 1.0 0"]}, experiment="7/models", run_id="")
    (tmp_path / "mlruns/7/bare/metrics").mkdir(parents=True)

    assert [log.name for log in read_mlflow(tmp_path / "mlruns/7")] == ["r"]


def test_where_there_is_nothing_to_read_is_said(tmp_path):
    with pytest.raises(DataError, match="is not there"):
        read_mlflow(tmp_path / "none")
    with pytest.raises(DataError, match="has no run with a metric"):
        read_mlflow(tmp_path)
    (tmp_path / "text").write_text("x", "utf-8")
    with pytest.raises(DataError, match="is no SQLite database"):
        read_mlflow(tmp_path / "text")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE a (b)")
    with pytest.raises(DataError, match="no such table"):
        read_mlflow(tmp_path / "other.db")


def test_a_damaged_description_is_said(store, tmp_path):
    (store("r", {"loss": ["1 1.0 0"]}) / "meta.yaml").write_text("a: [", "utf-8")

    with pytest.raises(DataError, match=r"meta\.yaml cannot be read"):
        read_mlflow(tmp_path)


def test_reading_needs_neither_torch_nor_mlflow(database):
    path = database([("r", "x", 1, "active")], [("r", "a", 0, 1.0, 5, 0)])
    code = (
        "import sys, pathlib; from kilter.logs.mlflow import read_mlflow\n"
        f"read_mlflow(pathlib.Path({str(path)!r})); print({{'torch', 'mlflow'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
