from kilter.project.guess import guess
from kilter.values.table import Kind

from .conftest import MORE, NOISE, SENTENCES, N, lines_of, reason


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
