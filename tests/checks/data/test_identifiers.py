"""Columns that name rows, among the inputs."""

import numpy as np

from kilter.checks.data.identifiers import IdentifierColumns
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def made(rows):
    columns = {"row": np.arange(rows) * 1.0, "x": np.sin(np.arange(rows)), "y": column(["a", "b"] * (rows // 2))}
    return dataset(columns, {"row": Kind.NUMBER, "x": Kind.NUMBER}, shares={"train": 1.0})


def test_the_column_is_named_with_its_reason():
    (finding,) = IdentifierColumns().examine(made(60))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("row",)
    assert "'row' is a running number from 0 to 59" in finding.seen


def test_few_rows_are_skipped():
    assert isinstance(next(IdentifierColumns().examine(made(20))), Skipped)
