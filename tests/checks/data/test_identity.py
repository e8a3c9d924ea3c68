"""Columns that only name rows."""

import numpy as np
import pytest

from kilter.checks.data.identity import identifiers, names_rows
from kilter.testing.tables import column, dataset
from kilter.values.table import Kind

NUMBERS = np.random.default_rng(0).permutation(100).astype(np.float64)


@pytest.mark.parametrize(
    ("name", "kind", "cells"),
    [
        ("row", Kind.NUMBER, NUMBERS),
        ("row", Kind.NUMBER, 5000 + 2 * NUMBERS),
        ("user_id", Kind.NUMBER, (NUMBERS * 104729) % 1_000_003),
        ("key", Kind.CATEGORY, column([f"k{cell:.0f}" for cell in NUMBERS])),
    ],
    ids=["counted", "counted by twos", "named an id", "texts"],
)
def test_it_names_rows(name, kind, cells):
    assert names_rows(name, kind, cells)


@pytest.mark.parametrize(
    ("name", "kind", "cells"),
    [
        ("price", Kind.NUMBER, (NUMBERS * 104729) % 1_000_003),
        ("weight", Kind.NUMBER, NUMBERS + 0.5),
        ("row", Kind.NUMBER, np.where(NUMBERS == 3, 4, NUMBERS)),
        ("row", Kind.NUMBER, np.where(NUMBERS == 3, np.nan, NUMBERS)),
        ("row", Kind.NUMBER, NUMBERS[:20]),
        ("text", Kind.TEXT, column([f"text {cell:.0f}" for cell in NUMBERS])),
        ("id", Kind.NUMBER, np.where(NUMBERS == 3, np.inf, NUMBERS)),
    ],
    ids=["amounts", "halves", "one twice", "one missing", "few rows", "free text", "infinite"],
)
def test_it_may_say_something(name, kind, cells):
    assert names_rows(name, kind, cells) is None


def test_identifiers_are_sought_among_the_inputs_only():
    made = dataset({"a": NUMBERS, "b": NUMBERS, "y": column(["x", "z"] * 50)}, {"a": Kind.NUMBER})
    assert list(identifiers(made.schema, made["train"])) == ["a"]
