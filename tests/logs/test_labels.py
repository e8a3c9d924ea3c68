import pytest

from kilter.logs.labels import parted_columns, parted_row


@pytest.mark.parametrize("label", ["mode", "split", "phase", "where"])
@pytest.mark.parametrize("word", ["train", "Val", " test "])
def test_a_word_that_is_a_split_parts_a_row(label, word):
    row = {"iter": 50, label: word, "loss": 0.5, "lr": 0.1, "epoch": 2}

    assert parted_row(row) == {"iter": 50, f"{word.strip()}/loss": 0.5, "lr": 0.1, "epoch": 2}


@pytest.mark.parametrize("row", [{"loss": 1.0}, {"mode": "fast", "loss": 1.0}, {"name": "x", "loss": 1.0}, {}])
def test_a_row_without_such_a_word_stays(row):
    assert parted_row(row) == row


def test_the_quantity_may_stand_in_the_row():
    assert parted_row({"Metric": "val/loss", "Value": 2.0, "step": 1}) == {"val/loss": 2.0, "step": 1}


def test_columns_are_parted_by_the_split():
    columns = {"epoch": ["0", "0", "1"], "set": ["train", "val", "train"], "loss": ["3", "2", "1"]}

    assert parted_columns(columns) == {
        "epoch": ["0", "0", "1"],
        "train/loss": ["3", "", "1"],
        "val/loss": ["", "2", ""],
    }


def test_columns_are_parted_by_the_quantity():
    columns = {"step": ["1", "1"], "metric": ["train/loss", "val/loss"], "value": ["3", "2"]}

    assert parted_columns(columns) == {"step": ["1", "1"], "train/loss": ["3", ""], "val/loss": ["", "2"]}


@pytest.mark.parametrize(
    "columns", [{"set": ["train", "both"], "loss": ["1", "2"]}, {"name": ["a", "b"], "x": ["1", "2"]}]
)
def test_other_columns_stay(columns):
    assert parted_columns(columns) == columns
