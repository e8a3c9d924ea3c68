import csv
import json

import pytest

from kilter.project.guess import guess
from kilter.values.table import Kind


@pytest.fixture
def write(tmp_path):
    def one(columns, name="data.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return path

    return one


def reason(guessed, about):
    return next(str(each) for each in guessed.reasons if each.about == about)


N = 60
NOISE = [round(0.37 * i % 7.3, 3) for i in range(N)]
SENTENCES = [f"some words here number {i}" for i in range(N)]
MORE = [f"other words are there, {i} of them" for i in range(N)]


def lines_of(path, **columns):
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_inputs_are_of_the_kind_they_look_like(write):
    words = [f"some words here number {i}" for i in range(N)]
    guessed = guess(write({"text": words, "colour": ["red", "blue"] * (N // 2), "n": NOISE, "y": [0, 1] * (N // 2)}))

    assert guessed.inputs == {"text": Kind.TEXT, "colour": Kind.CATEGORY, "n": Kind.NUMBER}


def test_columns_that_number_rows_or_name_other_labels_are_left_out_and_said(write):
    columns = {
        "id": list(range(N)),
        "same": ["x"] * N,
        "nothing": [""] * N,
        "fine_label": ["a", "b", "c"] * (N // 3),
        "n": NOISE,
        "label": ["u", "v"] * (N // 2),
    }
    guessed = guess(write(columns))

    assert guessed.ignore == ("id", "same", "nothing", "fine_label")
    assert list(guessed.inputs) == ["n"]
    assert "fine_label is named like another label" in reason(guessed, "left out")


def test_tags_in_json_leave_out_what_is_no_word(tmp_path):
    words = [["I", "see", f"w{i}"] for i in range(N)]
    path = lines_of(tmp_path / "a.jsonl", source=["web"] * N, ner=[["O", "O", "B-x"]] * N, words=words)
    guessed = guess(path)

    assert (guessed.task, guessed.target, guessed.inputs) == ("tagging", ("ner",), {"words": Kind.TOKENS})
    assert guessed.ignore == ("source",)


def test_other_targets_beside_texts_are_left_out_and_said(write):
    columns = {"a": SENTENCES, "b": MORE, "label": ["u", "v"] * (N // 2), "score": NOISE, "rating2": NOISE}
    guessed = guess(write(columns))

    assert guessed.inputs == {"a": Kind.TEXT, "b": Kind.TEXT}
    assert guessed.ignore == ("score", "rating2")
    assert "score is named like another target" in reason(guessed, "left out")
    tabular = guess(write({"x": NOISE, "score": NOISE, "label": ["u", "v"] * (N // 2)}))
    assert list(tabular.inputs) == ["x", "score"]


def test_dates_are_said_where_rows_are_put_aside(write):
    columns = {"day": [f"2024-01-{i % 28 + 1:02d}" for i in range(N)], "x": NOISE, "y": NOISE}
    guessed = guess(write(columns))

    assert "--set data.split.by=temporal --set data.split.column=day" in reason(guessed, "split")
    assert "split" not in {each.about for each in guess(write({"x": NOISE, "y": NOISE})).reasons}
