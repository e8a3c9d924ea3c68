"""Rows without a word."""

import numpy as np

from kilter.checks.data.empty_texts import EmptyTexts
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def examined(kinds, **columns):
    rows = len(next(iter(columns.values())))
    made = dataset({**columns, "y": column(["a"] * rows)}, kinds, shares={"train": 1.0}, shuffled=False)
    return list(EmptyTexts().examine(made))


def test_blank_texts_are_counted_and_named():
    (finding,) = examined({"t": Kind.TEXT}, t=column(["one", " ", None, "\u200b"]))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("train.csv:3", "train.csv:4", "train.csv:5")


def test_one_in_a_thousand_is_a_note():
    (finding,) = examined({"t": Kind.TEXT}, t=column([""] + ["one"] * 999))
    assert finding.severity is Severity.NOTE


def test_a_row_with_another_input_is_not_empty():
    kinds = {"t": Kind.TEXT, "x": Kind.NUMBER}
    (finding,) = examined(kinds, t=column(["", ""]), x=np.array([1.0, np.nan]))
    assert finding.where == ("train.csv:3",)


def test_without_texts_it_is_skipped():
    assert isinstance(examined({"x": Kind.NUMBER}, x=np.array([1.0]))[0], Skipped)
