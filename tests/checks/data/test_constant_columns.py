"""Inputs that are the same in every row."""

import numpy as np

from kilter.checks.data.constant_columns import ConstantColumns
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def examined(rows=10, split=1.0, **columns):
    kinds = {name: Kind.NUMBER if cells.dtype.kind == "f" else Kind.CATEGORY for name, cells in columns.items()}
    shares = {"train": split, "test": 1 - split} if split < 1 else {"train": 1.0}
    made = dataset({**columns, "y": column(["a", "b"] * (rows // 2))}, kinds, shares=shares, shuffled=False)
    return list(ConstantColumns().examine(made))


VARIED = np.arange(10.0) * 1.5


def test_one_value_everywhere_is_a_note_and_is_told():
    (finding,) = examined(x=VARIED, c=np.full(10, 7.0), w=column(["DK"] * 10))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["columns"] == {"c": "7.0", "w": "'DK'"}


def test_no_value_at_all_is_a_warning():
    (finding,) = examined(x=VARIED, c=np.full(10, np.nan), w=column([None] * 10))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["columns"] == {"c": "no value", "w": "no value"}


def test_what_varies_in_another_split_is_a_warning():
    (finding,) = examined(split=0.5, x=VARIED, c=np.repeat([1.0, 2.0], 5))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["varies elsewhere"] == ["c"]


def test_one_value_and_holes_say_something():
    assert examined(x=VARIED, c=np.where(VARIED > 6, np.nan, 1.0)) == []


def test_nothing_that_varies_is_a_failure():
    (finding,) = examined(c=np.full(10, 7.0))
    assert finding.severity is Severity.FAILURE
    assert finding.seen.startswith("All input columns hold one value")


def test_one_row_is_skipped_and_one_image_is_found():
    assert isinstance(examined(split=0.1, x=VARIED)[0], Skipped)
    made = dataset({"x": np.ones((6, 2, 2)), "y": column(["a", "b"] * 3)}, {"x": Kind.IMAGE}, shares={"train": 1.0})
    assert next(ConstantColumns().examine(made)).severity is Severity.FAILURE
