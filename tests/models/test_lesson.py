import numpy as np
import pytest

from kilter.models.lesson import Lesson, weights_of
from kilter.values.table import Field, Kind, Schema, Table

INPUTS = (Field(name="x", kind=Kind.NUMBER),)
TABLE = Table(columns={"x": np.zeros(2), "w": np.array([3, 0])}, ids=("a", "b"))


@pytest.mark.parametrize(("named", "weights"), [("w", [3.0, 0.0]), (None, [1.0, 1.0]), ("elsewhere", [1.0, 1.0])])
def test_rows_count_what_the_schema_says(named, weights):
    schema = Schema(inputs=INPUTS, target="y", target_kind=Kind.NUMBER, weight=named)
    found = weights_of(TABLE, schema)

    assert found.tolist() == weights
    assert found.dtype == np.float64


def test_nothing_is_held_out_unless_said():
    train, _, *held = Lesson(TABLE, np.arange(2))

    assert train is TABLE
    assert held == [None, None]
