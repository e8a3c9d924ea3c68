import json

import pytest

from kilter.logs.trainer_state import read_trainer_state
from kilter.values.errors import DataError

ROWS = [
    {"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 5e-5, "loss": 2.0, "step": 10},
    {"epoch": 1.0, "grad_norm": float("nan"), "learning_rate": 4e-5, "loss": 1.5, "step": 20},
    {"epoch": 1.0, "eval_loss": 1.75, "eval_accuracy": 0.5, "eval_runtime": 0.1, "step": 20},
    {"epoch": 1.0, "step": 20, "total_flos": 7.0, "train_loss": 1.75, "train_runtime": 3.5},
]


@pytest.fixture
def state(tmp_path):
    def write(content, folder="out/checkpoint-20"):
        path = tmp_path / folder / "trainer_state.json"
        path.parent.mkdir(parents=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return write


def test_the_rows_without_the_one_that_sums_up(state):
    log = read_trainer_state(state({"log_history": ROWS, "global_step": 20}))

    assert len(log.history) == 3
    assert log.history["loss"].values.tolist() == [2.0, 1.5]
    assert log.history["eval_loss"].values.tolist() == [1.75]
    assert "train_loss" not in log.history


@pytest.mark.parametrize(("folder", "name"), [("out/checkpoint-20", "out"), ("out", "out")])
def test_it_is_called_as_the_training(state, folder, name):
    assert read_trainer_state(state({"log_history": ROWS}, folder)).name == name


@pytest.mark.parametrize(("content", "said"), [("{", "no JSON"), ({"a": 1}, "no log_history"), ([1], "no log_history")])
def test_what_is_none_is_refused(state, content, said):
    with pytest.raises(DataError, match=said):
        read_trainer_state(state(content))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_trainer_state(tmp_path / "trainer_state.json")
