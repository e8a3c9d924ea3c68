import csv
import errno
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.export import writing
from kilter.export.predicting import Answer
from kilter.export.writing import as_csv, as_json_lines, refuse_target, write_answers
from kilter.values.errors import UsageError

ANSWERS = (
    Answer(id="a.csv:2", decided="x, y", probabilities={"x, y": 0.1 + 0.2, "z": 0.7}),
    Answer(id="a.csv:3", decided="z", probabilities={"x, y": 0.25, "z": 0.75}),
)
AMOUNTS = (Answer(id="a.csv:2", decided=0.1 + 0.2, probabilities={}),)


def test_csv_comes_back_to_the_last_bit():
    rows = list(csv.DictReader(io.StringIO(as_csv(ANSWERS))))

    assert rows[0]["prediction"] == "x, y"
    assert float(rows[0]["probability of x, y"]) == 0.1 + 0.2
    assert float(list(csv.reader(io.StringIO(as_csv(AMOUNTS))))[1][1]) == 0.1 + 0.2


def test_json_lines_come_back_to_the_last_bit():
    assert [json.loads(line) for line in as_json_lines(ANSWERS).splitlines()] == [one.form() for one in ANSWERS]


def test_no_answers_are_a_header_alone():
    assert as_csv(()) == "id,prediction\n"


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=10))
def test_any_label_survives(label):
    text = as_csv((Answer(id="i", decided=label, probabilities={label: 1.0}),))

    assert next(csv.DictReader(io.StringIO(text, newline="")))["prediction"] == label


def test_the_ending_names_the_form(tmp_path):
    write_answers(tmp_path / "a.csv", ANSWERS)
    write_answers(tmp_path / "a.jsonl", ANSWERS)

    assert (tmp_path / "a.csv").read_text("utf-8") == as_csv(ANSWERS)
    assert (tmp_path / "a.jsonl").read_text("utf-8") == as_json_lines(ANSWERS)


@pytest.mark.parametrize("name", ["a.xlsx", "a", "none/a.csv"])
def test_what_cannot_be_written_is_refused(tmp_path, name):
    with pytest.raises(UsageError):
        refuse_target(tmp_path / name)


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write_answers(path, ANSWERS)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        write_answers(path, AMOUNTS)
    assert path.read_text("utf-8") == as_csv(ANSWERS)
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


def test_lists_stand_in_one_cell_and_columns_each_in_their_own():
    tags = Answer(id="a", decided=["O", "B-x"], probabilities={}, more={"spans": []})
    labels = Answer(id="b", decided=["news", "sport, indoor"], probabilities={"news": 0.9}, between="|")
    several = Answer(id="c", decided={"topic": "news", "size": 2.5}, probabilities={"topic": {"news": 0.75}})

    assert as_csv([tags]).splitlines() == ["id,prediction", "a,O B-x"]
    assert as_csv([labels]).splitlines()[1] == 'b,"news|sport, indoor",0.9'
    assert as_csv([several]).splitlines() == [
        "id,prediction of topic,prediction of size,probability of topic news",
        "c,news,2.5,0.75",
    ]
    assert json.loads(as_json_lines([tags])) == {"id": "a", "prediction": ["O", "B-x"], "spans": []}


def test_quantiles_have_a_column_each():
    answer = Answer(id="a", decided=2.0, probabilities={}, more={"quantiles": {"0.1": 1.0, "0.5": 2.0}})

    assert as_csv([answer]).splitlines() == ["id,prediction,quantile 0.1,quantile 0.5", "a,2.0,1.0,2.0"]
    assert json.loads(as_json_lines([answer]))["quantiles"] == {"0.1": 1.0, "0.5": 2.0}
