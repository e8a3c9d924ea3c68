import json
import sqlite3
from contextlib import closing

import pytest

from kilter.logs.reading import read_logs
from kilter.tracking.metrics_jsonl import MetricsLog
from kilter.values.errors import DataError, UsageError

TABLE = "step,train_loss,val_loss\n10,2.0,\n20,1.0,1.5\n"
LINES = '{"step": 10, "train/loss": 2.0}\n{"step": 20, "train/loss": 1.0}\n'
STATE = json.dumps({"log_history": [{"step": 10, "loss": 2.0}, {"step": 20, "loss": 1.0}]})


@pytest.fixture
def put(tmp_path):
    """Writes a file below a folder, and gives the folder."""

    def write(way, text):
        path = tmp_path / way
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


def own_run(folder):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"format": 1, "status": "done", "stages": []}', "utf-8")
    log = MetricsLog(folder / "metrics.jsonl")
    log.write([(1, {"train.loss": 2.0, "train.epoch": 0.0}), (2, {"train.loss": float("nan")})])
    log.close()


def losses(log):
    return log.history["train.loss"].steps.tolist(), log.history["train.loss"].values.tolist()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", TABLE),
        ("a.txt", TABLE),
        ("training.log", TABLE.replace(",", "\t")),
        ("a.jsonl", LINES),
        ("a.json", f"[{LINES.strip().replace(chr(10), ',')}]"),
        ("trainer_state.json", STATE),
        ("saved.json", STATE),
    ],
)
def test_a_file_is_told_by_what_stands_in_it(put, name, text):
    (log,) = read_logs(put(name, text))

    assert losses(log) == ([10, 20], [2.0, 1.0])


@pytest.mark.parametrize(
    ("ways", "names"),
    [
        ({"lightning_logs/version_0/metrics.csv": TABLE, "lightning_logs/version_1/metrics.csv": TABLE},
         ["lightning_logs/version_0", "lightning_logs/version_1"]),
        ({"fold_1.csv": TABLE, "fold_2.csv": TABLE, "data.csv": "x,y\n1,2\n3,4\n", "about.json": '{"lr": 0.1}'},
         ["fold_1", "fold_2"]),
        ({"out/checkpoint-20/trainer_state.json": STATE, "out/checkpoint-3/trainer_state.json": "{"}, ["out"]),
        ({"checkpoint-20/trainer_state.json": "{", "trainer_state.json": STATE}, [None]),
        ({"metrics.jsonl": LINES}, [None]),
    ],
)  # fmt: skip
def test_a_folder_holds_its_runs(put, tmp_path, ways, names):
    for way, text in ways.items():
        put(way, text)
    logs = read_logs(tmp_path)

    assert [log.name for log in logs] == [name or tmp_path.name for name in names]
    assert all(losses(log) == ([10, 20], [2.0, 1.0]) for log in logs)


def test_runs_of_kilter(tmp_path):
    for name in ("first", "second"):
        own_run(tmp_path / "runs" / name)
    logs = read_logs(tmp_path / "runs")

    assert [log.name for log in logs] == ["first", "second"]
    assert logs[0].history["train.loss"].steps.tolist() == [1, 2]
    assert read_logs(tmp_path / "runs" / "first")[0].history == logs[0].history
    assert read_logs(tmp_path / "runs" / "first" / "metrics.jsonl")[0].history == logs[0].history


def test_of_two_kinds_one_is_read_and_the_other_is_said(put, tmp_path):
    own_run(tmp_path / "first")
    put("checkpoint-20/trainer_state.json", STATE)
    (log,) = read_logs(tmp_path)

    assert log.name == "first"
    assert "there are also states of the Trainer" in log.notes[-1]


def test_a_database_of_mlflow(tmp_path):
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as store:
        store.executescript(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, start_time INTEGER, lifecycle_stage TEXT);"
            "CREATE TABLE metrics (run_uuid TEXT, key TEXT, step INT, value REAL, is_nan INT, timestamp INT);"
            "INSERT INTO runs VALUES ('1', 'first', 0, 'active');"
            "INSERT INTO metrics VALUES ('1', 'train_loss', 10, 2.0, 0, 1), ('1', 'train_loss', 20, 1.0, 0, 2);"
        )
    for given in (path, tmp_path):
        (log,) = read_logs(given)

        assert (log.name, losses(log)) == ("first", ([10, 20], [2.0, 1.0]))


def test_the_folders_name_is_that_of_a_file_that_says_nothing(put):
    assert read_logs(put("warm/metrics.csv", TABLE))[0].name == "warm"
    assert read_logs(put("warm/cold.csv", TABLE))[0].name == "cold"


def test_a_column_may_be_chosen(put):
    path = put("a.csv", "n,x,train_loss\n5,3,1\n6,2,1\n")
    (log,) = read_logs(path, {"train_loss": "x", "step": "n"})

    assert losses(log) == ([5, 6], [3.0, 2.0])
    assert log.taken["train.loss"] == "x"


def test_a_column_that_is_not_there_is_refused_with_the_one_that_was_meant(put):
    with pytest.raises(UsageError, match="did you mean 'train_loss'"):
        read_logs(put("a.csv", TABLE), {"train_loss": "trian_loss"})


def test_what_is_no_log_is_refused_with_all_that_can_be_read(put, tmp_path):
    put("data.csv", "x,y\n1,2\n3,4\n")
    (tmp_path / "model.bin").write_bytes(b"\0\1\2")
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match=r"is not there.*TensorBoard"):
        read_logs(tmp_path / "nothing")
    with pytest.raises(DataError, match="no log that kilter knows"):
        read_logs(tmp_path / "model.bin")
    with pytest.raises(DataError, match="no log that kilter knows"):
        read_logs(tmp_path / "empty")
    with pytest.raises(DataError, match="none has a column of losses"):
        read_logs(tmp_path)
