"""Columns that together make the target."""

import numpy as np
import pytest

from kilter.checks.data.target_combination import TargetCombination
from kilter.data.reading import read_table
from kilter.testing.tables import column, dataset
from kilter.values.finding import Finding, Skipped
from kilter.values.table import Dataset, Field, Kind, Schema

DRAW = np.random.default_rng(0)
A, B, C, D = DRAW.uniform(1, 9, (4, 500))


def examined(target, target_kind=Kind.NUMBER, **columns):
    kinds = dict.fromkeys(columns, Kind.NUMBER)
    return list(TargetCombination().examine(dataset({**columns, "y": target}, kinds, target_kind=target_kind)))


@pytest.mark.parametrize(
    ("target", "formula", "columns"),
    [
        (A + B, "y = a + b", ["a", "b"]),
        (A - C, "y = a - c", ["a", "c"]),
        (2 * A + B - 3 * D + 5, "y = 2·a + b - 3·d + 5", ["a", "b", "d"]),
        (A * B, "y = a × b", ["a", "b"]),
        (A * B / D, "y = a × b × d^-1", ["a", "b", "d"]),
        (np.round(100 * (A + B)), "y = 100·a + 100·b", ["a", "b"]),
    ],
)
def test_the_formula_and_its_columns_are_named(target, formula, columns):
    (finding,) = examined(target, a=A, b=B, c=C, d=D)
    assert f"{formula}," in finding.seen
    assert finding.evidence["columns"] == columns


@pytest.mark.parametrize(
    "target", [A + B + 0.1 * DRAW.normal(size=500), np.sin(A) + B, A], ids=["noise", "curve", "one column"]
)
def test_no_formula_is_said(target):
    assert examined(target, a=A, b=B, c=C) == []


def test_many_columns_make_an_easy_task_rather_than_a_leak():
    table = DRAW.normal(size=(500, 8))
    (finding,) = examined(table.sum(axis=1), **{f"x{at}": table[:, at] for at in range(8)})
    assert finding.causes == ("task_trivial", "target_leak")


def test_rows_with_holes_are_left_out_and_so_are_columns_full_of_them():
    holes = np.where(DRAW.random(500) < 0.05, np.nan, A)
    (finding,) = examined(A + B, a=holes, b=B, c=np.where(DRAW.random(500) < 0.9, np.nan, C))
    assert isinstance(finding, Finding)
    assert finding.evidence["columns"] == ["a", "b"]


def test_a_column_that_says_the_same_does_not_hide_it():
    (finding,) = examined(A + B, a=A, b=B, again=A.copy())
    assert len(finding.evidence["columns"]) == 2


def test_classes_and_single_columns_are_skipped():
    assert isinstance(examined(column(["a", "b"] * 250), Kind.CATEGORY, a=A, b=B)[0], Skipped)
    assert isinstance(examined(A, a=A)[0], Skipped)


def test_two_columns_that_were_left_in_a_published_set_are_found(shared):
    train = read_table(shared / "data" / "bike_sharing" / "train.csv")
    names = [name for name in train.columns if name not in {"count", "dateday"}]
    inputs = tuple(Field(name=name, kind=Kind.NUMBER) for name in names)
    made = Dataset(splits={"train": train}, schema=Schema(inputs=inputs, target="count", target_kind=Kind.NUMBER))
    (finding,) = TargetCombination().examine(made)
    assert "count = casual + registered," in finding.seen
    assert finding.where == ("casual", "registered")
