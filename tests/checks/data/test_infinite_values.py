"""Numbers without an end."""

import numpy as np
import pytest

from kilter.checks.data.infinite_values import InfiniteValues
from kilter.testing.tables import column, dataset
from kilter.values.finding import Skipped
from kilter.values.table import Kind

LABELS = column(["a", "b", "a", "b"])


def test_infinite_numbers_are_counted_and_their_rows_named():
    columns = {"x": np.array([1.0, np.inf, np.nan, 4.0]), "z": np.array([-np.inf, 1.0, 2.0, 3.0]), "y": LABELS}
    made = dataset(columns, {"x": Kind.NUMBER, "z": Kind.NUMBER}, shares={"train": 1.0}, shuffled=False)
    (finding,) = InfiniteValues().examine(made)
    assert finding.evidence["numbers"] == {"x": 1, "z": 1}
    assert finding.where == ("train.csv:3", "train.csv:2")
    assert finding.seen == "2 numbers of 'x' and 'z' are not finite."


def test_an_infinite_amount_to_learn_is_found():
    columns = {"x": np.arange(4.0), "y": np.array([1.0, 2.0, np.inf, 3.0])}
    made = dataset(columns, {"x": Kind.NUMBER}, target_kind=Kind.NUMBER, shares={"train": 1.0}, shuffled=False)
    (finding,) = InfiniteValues().examine(made)
    assert finding.evidence["numbers"] == {"y": 1}


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_a_point_of_an_image_must_be_a_number(hole):
    pixels = np.zeros((4, 2, 2))
    pixels[3, 1, 1] = hole
    made = dataset({"x": pixels, "y": LABELS}, {"x": Kind.IMAGE}, shares={"train": 1.0}, shuffled=False)
    (finding,) = InfiniteValues().examine(made)
    assert finding.where == ("train.csv:5",)


def test_whole_numbers_are_finite_and_words_have_none():
    pixels = dataset({"x": np.zeros((4, 2, 2), np.uint8), "y": LABELS}, {"x": Kind.IMAGE})
    assert list(InfiniteValues().examine(pixels)) == []
    words = dataset({"x": column(["a"] * 4), "y": LABELS}, {"x": Kind.TEXT})
    assert isinstance(next(InfiniteValues().examine(words)), Skipped)
