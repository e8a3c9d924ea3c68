"""Cells without a value."""

import numpy as np

from kilter.checks.data.missing_values import MissingValues
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity
from kilter.values.table import Kind


def made(numbers, words=None, labels=None):
    rows = len(numbers)
    columns = {
        "x": np.array(numbers, np.float64),
        "w": column(words or ["v"] * rows),
        "y": column(labels or ["a", "b"] * (rows // 2)),
    }
    kinds = {"x": Kind.NUMBER, "w": Kind.CATEGORY}
    return dataset(columns, kinds, shares={"train": 0.5, "test": 0.5}, shuffled=False)


def test_missing_inputs_are_counted_by_column_and_split():
    words = ["v", None, "v", "v", "v", "v", " ", "v"]
    (finding,) = MissingValues().examine(made([1, 2, np.nan, 4, 5, 6, 7, 8], words))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["share missing"] == {"x": {"train": 0.25, "test": 0.0}, "w": {"train": 0.25, "test": 0.25}}
    assert finding.seen.startswith("3 cells of 2 input columns hold no value")


def test_a_gap_between_splits_is_a_warning_once_chance_is_ruled_out():
    large = [1.0] * 200 + [np.nan] * 100 + [1.0] * 100
    (finding,) = MissingValues().examine(made(large))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["gaps"] == [("x", "test")]
    small = [1.0] * 4 + [np.nan] * 2 + [1.0] * 2
    (finding,) = MissingValues().examine(made(small))
    assert finding.severity is Severity.NOTE


def test_rows_without_a_target_are_a_warning_that_names_them():
    (finding,) = MissingValues().examine(made([1, 2, 3, 4], labels=["a", None, "b", ""]))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("train.csv:3", "test.csv:3")


def test_a_target_that_is_missing_everywhere_is_left_to_another_check():
    assert list(MissingValues().examine(made([1, 2, 3, 4], labels=[None, None, "a", "b"]))) == []


def test_a_column_that_is_missing_everywhere_is_left_to_another_check():
    assert list(MissingValues().examine(made([np.nan] * 4))) == []
