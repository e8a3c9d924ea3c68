"""Small tables: every row stands in one split."""

import numpy as np

from kilter.testing.tables import column, dataset, numbered, sentences, table
from kilter.values.table import Kind


def test_rows_are_cut_into_splits_without_loss():
    made = dataset({"x": np.arange(50.0), "y": column(["a", "b"] * 25)}, {"x": Kind.NUMBER})
    assert dict(made.sizes) == {"train": 30, "valid": 10, "test": 10}
    assert sorted(np.concatenate([made[split].columns["x"] for split in made])) == list(range(50))


def test_unshuffled_rows_keep_their_order():
    made = dataset({"x": np.arange(10.0), "y": column(["a", "b"] * 5)}, {"x": Kind.NUMBER}, shuffled=False)
    assert made["test"].columns["x"].tolist() == [8.0, 9.0]


def test_columns_are_typed_by_what_they_hold():
    assert column(["a", None]).dtype == object
    assert column([1.0, 2.0]).dtype == np.float64
    assert table({"x": [1, 2]}, "train").ids == ("train.csv:2", "train.csv:3")
    assert list(numbered(np.zeros((2, 2)))) == ["x0", "x1"]


def test_sentences_hardly_ever_repeat():
    assert len(set(sentences(np.random.default_rng(0), 300))) == 300
