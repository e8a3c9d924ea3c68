import json
import math

import pytest

from kilter.logs.json_lines import history_of_lists, history_of_rows, read_json_log
from kilter.values.errors import DataError


@pytest.fixture
def log(tmp_path):
    def read(text):
        path = tmp_path / "log.jsonl"
        path.write_text(text, "utf-8")
        return read_json_log(path)

    return read


def test_a_row_a_line(log):
    read = log('{"step": 5, "loss": 2.5}\n\n{"step": 10, "loss": 1}\n')

    assert list(read.history.rows()) == [(1, {"step": 5.0, "loss": 2.5}), (2, {"step": 10.0, "loss": 1.0})]
    assert read.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 2, "b": 1}, {"a": 3}]',
        '{"a": [2, 3], "b": [1]}',
        '[\n {"a": 2, "b": 1},\n {"a": 3}\n]',
        '{\n "a": [2, 3],\n "b": [1]\n}',
    ],
)
def test_the_same_in_one_document(log, text):
    assert list(log(text).history.rows()) == [(1, {"a": 2.0, "b": 1.0}), (2, {"a": 3.0})]


def test_lists_may_stand_inside_an_object(log):
    assert log('{"params": {"verbose": null}, "history": {"loss": [2, 1]}}').history["history/loss"].values[1] == 1.0


def test_objects_inside_are_opened(log):
    assert log('{"step": 1, "train": {"loss": 2, "parts": {"ce": 1}}}').history.names == (
        "step",
        "train/loss",
        "train/parts/ce",
    )


def test_numbers_that_are_none(log):
    history = log('{"a": NaN, "b": "inf", "c": "nan"}\n{"a": Infinity, "b": null, "c": 1}\n').history

    assert math.isnan(history["a"].values[0])
    assert history["a"].values[1] == math.inf
    assert history["b"].steps.tolist() == [1]
    assert len(history["c"]) == 2


def test_numbers_may_be_written_as_text(log):
    assert log('{"loss": "0.25"}\n{"loss": "1e-3"}\n{"loss": "1.2.3"}\n').history["loss"].values.tolist() == [
        0.25,
        1e-3,
    ]


def test_dictionaries_as_python_prints_them(log):
    read = log("{'loss': '2.5', 'epoch': 1}\n{'loss': 1.5, 'name': None}\n{'loss': ")

    assert read.history["loss"].values.tolist() == [2.5, 1.5]
    assert read.notes == ("Line 3 was cut short and is left out.",)


def test_what_is_no_number_is_left_out_and_said(log):
    read = log('{"loss": 1, "name": "x", "done": true, "shape": [1, 2]}\n')

    assert read.history.names == ("loss",)
    assert read.notes == ("What is no number is left out: name, done, shape.",)


def test_words_between_the_rows_are_left_out_and_said(log):
    read = log('training begins\n{"loss": 2}\nepoch done\n{"loss": 1}\n')

    assert read.history["loss"].values.tolist() == [2.0, 1.0]
    assert read.notes == ("2 lines are no JSON objects and are left out, the first of them line 1.",)


def test_a_last_line_that_was_cut_short_is_left_out_and_said(log):
    assert log('{"loss": 2}\n{"loss": 1.').notes == ("Line 2 was cut short and is left out.",)


@pytest.mark.parametrize("text", ["", "[]", "words", '{"name": "x"}', "[1, 2]", '{"a": []}'])
def test_what_holds_no_rows_is_refused(log, text):
    with pytest.raises(DataError, match="no rows of numbers"):
        log(text)


def test_lists_by_name_at_hand():
    history = history_of_lists({"loss": [2, None, float("nan")], "val_loss": [1.5]})

    assert history["loss"].steps.tolist() == [1, 3]
    assert history["val_loss"].values.tolist() == [1.5]


def test_whole_numbers_that_no_float_holds_are_left_out():
    history, texts = history_of_rows([json.loads('{"a": 1' + "0" * 400 + "}")])

    assert (history.names, texts) == ((), ("a",))


def test_rows_of_several_splits_are_told_apart(log):
    history = log('{"mode": "train", "loss": 2, "lr": 0.1}\n{"mode": "val", "loss": 3}\n').history

    assert history["train/loss"].values.tolist() == [2.0]
    assert history["val/loss"].values.tolist() == [3.0]
    assert history["lr"].values.tolist() == [0.1]
