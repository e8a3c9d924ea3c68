"""Rows of all splits as numbers."""

import numpy as np

from kilter.checks.data.rows import gather, stacked
from kilter.testing.tables import column, dataset
from kilter.values.table import Dataset, Field, Kind, Schema, Table


def made(texts, labels=None):
    columns = {"text": column(texts), "y": column(labels or ["a"] * len(texts))}
    return dataset(columns, {"text": Kind.TEXT}, shares={"train": 0.5, "test": 0.5}, shuffled=False)


def test_equal_inputs_have_equal_numbers_exactly_and_loosely():
    rows = gather(made(["to be or", "To be  OR", "to be or", "or not"]), few_values=30, few_words=2)
    assert rows.exact[0] == rows.exact[2] != rows.exact[1]
    assert rows.loosely[0] == rows.loosely[1] == rows.loosely[2] != rows.loosely[3]
    assert rows.of("test").tolist() == [False, False, True, True]


def test_rows_without_any_input_are_left_out_and_keep_their_places():
    rows = gather(made(["one", "", "two", None]), few_values=30, few_words=2)
    assert rows.place.tolist() == [0, 2]
    assert rows.ids.tolist() == ["train.csv:2", "test.csv:2"]
    assert gather(made(["", None]), few_values=30, few_words=2) is None


def test_a_word_or_two_tell_nothing_and_neither_do_coarse_tables():
    assert gather(made(["yes please", "thank you so"]), few_values=30, few_words=2).telling.tolist() == [False, True]
    columns = {"c": column(["a", "b"] * 20), "y": column(["x"] * 40)}
    coarse = dataset(columns, {"c": Kind.CATEGORY})
    assert not gather(coarse, few_values=30, few_words=2).telling.any()
    assert gather(coarse, few_values=1, few_words=2).telling.all()


def test_columns_that_name_rows_do_not_count():
    columns = {"row": np.arange(60.0), "x": np.repeat(np.arange(30.0), 2) * 1.5, "y": column(["a"] * 60)}
    rows = gather(dataset(columns, {"row": Kind.NUMBER, "x": Kind.NUMBER}), few_values=3, few_words=2)
    assert len(np.unique(rows.exact)) == 30


def test_missing_targets_are_told_apart_from_others():
    rows = gather(made(["a b c", "d e f"], ["a", None]), few_values=30, few_words=2)
    assert rows.target.tolist() == [0, -1]


def test_shuffled_columns_keep_their_values_but_not_their_rows():
    draw = np.random.default_rng(0)
    columns = {"p": draw.normal(size=200).round(1), "q": draw.normal(size=200).round(1), "y": column(["a"] * 200)}
    doubled = {name: np.concatenate([cells, cells]) for name, cells in columns.items()}
    rows = gather(dataset(doubled, {"p": Kind.NUMBER, "q": Kind.NUMBER}), few_values=3, few_words=2)
    distinct = len(np.unique(rows.exact))
    assert distinct <= 200 < len(np.unique(rows.shuffled()))


def test_splits_that_were_read_in_different_ways_are_stacked_all_the_same():
    left = Table(columns={"x": np.array([1.0]), "y": column(["a"])}, ids=("1",))
    right = Table(columns={"x": column(["one"]), "y": column(["a"])}, ids=("2",))
    schema = Schema(inputs=(Field(name="x", kind=Kind.CATEGORY),), target="y", target_kind=Kind.CATEGORY)
    assert stacked(Dataset(splits={"train": left, "test": right}, schema=schema), "x").tolist() == [1.0, "one"]
