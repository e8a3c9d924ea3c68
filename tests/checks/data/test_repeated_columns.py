"""Columns that say the same."""

import numpy as np

from kilter.checks.data.repeated_columns import RepeatedColumns
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def examined(rows=40, **columns):
    kinds = {name: Kind.NUMBER if cells.dtype.kind == "f" else Kind.CATEGORY for name, cells in columns.items()}
    made = dataset({**columns, "y": column(["a", "b"] * (rows // 2))}, kinds, shares={"train": 1.0})
    return list(RepeatedColumns().examine(made))


DRAWN = np.random.default_rng(0).integers(0, 5, 40) * 1.0


def test_a_copy_and_a_renaming_are_found_together():
    words = column([f"w{4 - cell:.0f}" for cell in DRAWN])
    (finding,) = examined(p=DRAWN, q=DRAWN.copy(), words=words, other=np.roll(DRAWN, 1))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["same"] == [["p", "q", "words"]]


def test_one_row_that_differs_is_enough():
    other = DRAWN.copy()
    other[7] = (other[7] + 1) % 5
    assert examined(p=DRAWN, q=other) == []


def test_a_coarser_column_is_no_copy():
    assert examined(p=DRAWN, q=DRAWN // 2) == []


def test_running_numbers_agree_of_necessity():
    assert examined(p=np.arange(40.0), q=np.arange(40.0)[::-1].copy()) == []


def test_few_rows_agree_by_chance():
    assert isinstance(examined(rows=10, p=DRAWN[:10], q=DRAWN[:10])[0], Skipped)


def test_amounts_that_never_repeat_are_no_copies_of_each_other():
    draw = np.random.default_rng(1)
    assert examined(p=draw.normal(size=40), q=draw.normal(size=40)) == []


def test_another_unit_of_such_an_amount_is_found():
    amount = np.random.default_rng(2).normal(size=40)
    (finding,) = examined(p=amount, q=3 - 2 * amount, r=np.exp(amount))
    assert finding.evidence["same"] == [["p", "q", "r"]]
