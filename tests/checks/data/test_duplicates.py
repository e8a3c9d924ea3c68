"""Copies within a split."""

import numpy as np

from kilter.checks.data.duplicates import DuplicateRows
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def texts(said, labels=None, shares=None):
    columns = {"text": column(said), "y": column(labels or ["a"] * len(said))}
    return dataset(columns, {"text": Kind.TEXT}, shares=shares or {"train": 1.0}, shuffled=False)


def test_copies_are_counted_and_named():
    said = ["one two three", "four five six", "one two three", "ONE two three", "one two three"]
    (finding,) = DuplicateRows().examine(texts(said))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("train.csv:4", "train.csv:6")
    assert finding.evidence["train"] == {
        "copies": 2,
        "copies up to case and spaces": 3,
        "rows": 5,
        "share with shuffled columns": 0.0,
        "largest group": 3,
    }


def test_the_same_text_with_another_label_is_no_copy():
    assert list(DuplicateRows().examine(texts(["one two three"] * 2, ["a", "b"]))) == []


def test_the_same_row_in_two_splits_is_left_to_the_overlap():
    assert list(DuplicateRows().examine(texts(["one two three"] * 2, shares={"train": 0.5, "test": 0.5}))) == []


def test_a_few_copies_are_a_note():
    said = [f"text number {at}" for at in range(50)]
    (finding,) = DuplicateRows().examine(texts([*said, said[0]]))
    assert finding.severity is Severity.NOTE


def test_copies_that_shuffled_columns_have_too_are_a_note():
    draw = np.random.default_rng(0)
    kinds = {"p": Kind.NUMBER, "q": Kind.NUMBER}
    natural = {"p": draw.integers(0, 40, 900) * 1.0, "q": draw.integers(0, 3, 900) * 1.0, "y": column(["a"] * 900)}
    (finding,) = DuplicateRows().examine(dataset(natural, kinds, shares={"train": 1.0}))
    assert finding.severity is Severity.NOTE
    doubled = {name: np.repeat(draw.normal(size=450), 2) for name in ("p", "q")} | {"y": column(["a"] * 900)}
    (finding,) = DuplicateRows().examine(dataset(doubled, kinds, shares={"train": 1.0}))
    assert finding.severity is Severity.WARNING


def test_rows_without_inputs_are_skipped():
    (said,) = DuplicateRows().examine(texts(["", " "]))
    assert isinstance(said, Skipped)
