import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.splitting import rare, split
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Table

SHARES = {"train": 0.7, "valid": 0.1, "test": 0.2}


def table(values):
    column = np.fromiter(values, dtype=object, count=len(values))
    ids = tuple(f"f:{row}" for row in range(len(values)))
    return Table(columns={"label": column, "row": np.arange(len(values), dtype=float)}, ids=ids)


def rows(part):
    return part.columns["row"].astype(int).tolist()


labels = st.lists(st.sampled_from("abcde"), min_size=30, max_size=200)


@given(labels, st.sampled_from(["random", "stratified", "grouped"]), st.integers(0, 2**32))
def test_splits_are_disjoint_and_cover(values, by, seed):
    column = None if by == "random" else "label"
    if by == "grouped" and len(set(values)) < 3:
        return
    parts = split(table(values), shares=SHARES, by=by, column=column, seed=seed)
    assert list(parts) == list(SHARES)
    assert sorted(row for part in parts.values() for row in rows(part)) == list(range(len(values)))
    for part in parts.values():
        assert rows(part) == sorted(rows(part))
        assert part.ids == tuple(f"f:{row}" for row in rows(part))
    again = split(table(values), shares=SHARES, by=by, column=column, seed=seed)
    assert {name: rows(part) for name, part in again.items()} == {name: rows(part) for name, part in parts.items()}


def test_another_seed_is_another_split():
    first, second = (split(table("a" * 100), shares=SHARES, seed=seed) for seed in (0, 1))
    assert rows(first["train"]) != rows(second["train"])


@given(st.integers(20, 300), st.integers(0, 100))
def test_random_sizes_are_the_shares(number, seed):
    parts = split(table("a" * number), shares=SHARES, seed=seed)
    for name, share in SHARES.items():
        assert abs(len(parts[name]) - share * number) < 1


@given(labels, st.integers(0, 100))
def test_strata_keep_the_shares(values, seed):
    parts = split(table(values), shares=SHARES, by="stratified", column="label", seed=seed)
    for name, share in SHARES.items():
        assert abs(len(parts[name]) - share * len(values)) <= 1 + len(set(values))  # where tiny strata go to training
        counts = Counter(parts[name].columns["label"].tolist())
        for label, number in Counter(values).items():
            assert abs(counts[label] - share * number) < 2
    assert set(parts["train"].columns["label"]) == set(values)


def test_large_strata_are_exact():
    parts = split(table("a" * 500 + "b" * 100), shares=SHARES, by="stratified", column="label")
    assert Counter(parts["test"].columns["label"].tolist()) == {"a": 100, "b": 20}


def test_a_value_of_one_row_goes_to_training():
    for seed in range(20):
        parts = split(table("a" * 30 + "b"), shares=SHARES, by="stratified", column="label", seed=seed)
        assert "b" in parts["train"].columns["label"]
    assert rare(table("a" * 30 + "b"), "label", parts=3) == {"b": 1}


def test_rounding_evens_out_over_many_small_strata():
    values = [f"label {number // 5}" for number in range(500)]
    parts = split(table(values), shares=SHARES, by="stratified", column="label")
    assert [abs(len(parts[name]) - share * 500) <= 1 for name, share in SHARES.items()] == [True] * 3


def test_every_value_of_one_row_goes_to_training():
    values = [*"a" * 30, *(f"label {number}" for number in range(30))]
    parts = split(table(values), shares=SHARES, by="stratified", column="label")
    assert set(parts["train"].columns["label"]) == set(values)


def test_columns_of_many_numbers_are_stratified_by_quantiles():
    parts = split(table("a" * 1000), shares={"train": 0.5, "test": 0.5}, by="stratified", column="row")
    for part in parts.values():
        counts = np.histogram(rows(part), bins=10, range=(0, 1000))[0]
        assert counts.min() >= 48


@given(labels, st.integers(0, 100))
def test_groups_stay_together(values, seed):
    values = [f"{value}{number // 7}" for number, value in enumerate(values)]
    parts = split(table(values), shares=SHARES, by="grouped", column="label", seed=seed)
    groups = [set(part.columns["label"]) for part in parts.values()]
    assert sum(map(len, groups)) == len(set(values))
    largest = max(Counter(values).values())
    for name, share in SHARES.items():
        assert abs(len(parts[name]) - share * len(values)) <= 2 * largest


def test_rows_without_a_group_are_groups_of_their_own():
    parts = split(table([None] * 100), shares=SHARES, by="grouped", column="label")
    assert [len(part) for part in parts.values()] == [70, 10, 20]


def test_a_number_that_is_missing_is_a_group_of_its_own():
    numbers = np.array([math.nan, math.nan, 1.0, 1.0])
    given = Table(columns={"g": numbers}, ids=("1", "2", "3", "4"))
    parts = split(given, shares={"a": 0.5, "b": 0.5}, by="grouped", column="g")
    assert [len(part) for part in parts.values()] == [2, 2]
    assert parts["a"].columns["g"].tolist() == [1, 1]


@pytest.mark.parametrize(("values", "by"), [("ab", "random"), ("a" * 50 + "b" * 50, "grouped")])
def test_an_empty_split_is_refused(values, by):
    with pytest.raises(DataError, match=r"split '\w+' would be empty"):
        split(table(values), shares=SHARES, by=by, column=None if by == "random" else "label")


@pytest.mark.parametrize(
    ("asked", "met"),
    [
        ({"shares": {"train": 0.7, "test": 0.2}}, "add up to 1"),
        ({"shares": {"train": 1.2, "test": -0.2}}, "above 0"),
        ({"shares": {}}, "add up to 1"),
        ({"shares": SHARES, "by": "sorted"}, "a split by 'sorted'"),
        ({"shares": SHARES, "by": "stratified"}, "a stratified split without a column"),
        ({"shares": SHARES, "column": "label"}, "a random split with the column 'label'"),
    ],
)
def test_illegal_splits_are_refused(asked, met):
    with pytest.raises(UsageError, match=met):
        split(table("a" * 30), **asked)


def test_an_unknown_column_is_refused():
    with pytest.raises(DataError, match="did you mean 'label'"):
        split(table("a" * 30), shares=SHARES, by="grouped", column="lable")


def test_images_cannot_be_strata():
    images = Table(columns={"x": np.zeros((3, 2, 2))}, ids=("1", "2", "3"))
    with pytest.raises(DataError, match="by images"):
        split(images, shares=SHARES, by="stratified", column="x")


def dated(days):
    when = np.array([None if day is None else f"2024-03-{day:02d}" for day in days], dtype=object)
    return Table(columns={"when": when}, ids=tuple(str(row) for row in range(len(days))))


def days(part):
    return [int(value[-2:]) for value in part.columns["when"]]


def test_a_temporal_split_tests_on_the_latest_rows():
    table = dated([9, 1, 5, 3, 7, 2, 8, 4, 6, 10])
    parts = split(table, shares={"train": 0.6, "valid": 0.2, "test": 0.2}, by="temporal", column="when")
    assert {name: sorted(days(part)) for name, part in parts.items()} == {
        "train": [1, 2, 3, 4, 5, 6],
        "valid": [7, 8],
        "test": [9, 10],
    }
    assert days(parts["train"]) == [1, 5, 3, 2, 4, 6], "rows stand in the order in which they stood"


@given(st.lists(st.integers(1, 9), min_size=3, max_size=40).filter(lambda days: len(set(days)) >= 3))
def test_a_moment_stands_in_one_part_and_none_is_empty(given):
    parts = split(dated(given), shares={"train": 0.8, "valid": 0.1, "test": 0.1}, by="temporal", column="when")
    train, valid, test = (days(parts[name]) for name in ("train", "valid", "test"))
    assert max(train) < min(valid) <= max(valid) < min(test)
    assert sorted(train + valid + test) == sorted(given)


def test_a_temporal_split_by_numbers():
    table = Table(columns={"year": np.array([3.0, 1.0, 2.0])}, ids=("a", "b", "c"))
    parts = split(table, shares={"train": 0.5, "test": 0.5}, by="temporal", column="year")
    assert parts["test"].columns["year"].max() == 3


@pytest.mark.parametrize(
    ("given", "met"),
    [([1, None, 2, None], "does not say when each row was"), ([4, 4, 4], "would be empty")],
)
def test_times_that_cannot_split(given, met):
    with pytest.raises(DataError, match=met):
        split(dated(given), shares={"train": 0.5, "test": 0.5}, by="temporal", column="when")
