"""Rows in the order of their targets."""

import numpy as np
import pytest

from kilter.checks.data.row_order import RowOrder
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind

DRAW = np.random.default_rng(0)


def examined(target):
    amounts = target.dtype.kind == "f"
    made = dataset(
        {"x": np.arange(len(target)) * 1.5, "y": target},
        {"x": Kind.NUMBER},
        target_kind=Kind.NUMBER if amounts else Kind.CATEGORY,
        shares={"train": 1.0},
        shuffled=False,
    )
    return list(RowOrder().examine(made))


def words(numbers):
    return column([f"class {number}" for number in numbers])


def test_sorted_labels_are_a_note_with_their_changes():
    (finding,) = examined(words(np.repeat(np.arange(4), 50)))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["changes"] == 3
    assert finding.evidence["changes of a random order"] == pytest.approx(199 * 150 / 199)


@pytest.mark.parametrize("seed", range(5))
def test_a_random_order_is_silent(seed):
    assert examined(words(np.random.default_rng(seed).integers(0, 4, 300))) == []
    assert examined(np.random.default_rng(seed).normal(size=300)) == []


def test_labels_in_turns_are_silent():
    assert examined(words(np.arange(300) % 3)) == []


def test_the_expected_changes_are_those_of_shuffled_labels():
    labels = np.repeat(np.arange(3), [100, 60, 20])
    (finding,) = examined(words(labels))
    shuffled = [np.count_nonzero(np.diff(DRAW.permutation(labels))) for _ in range(300)]
    assert finding.evidence["changes of a random order"] == pytest.approx(np.mean(shuffled), rel=0.02)


def test_amounts_that_follow_each_other_are_a_note():
    (finding,) = examined(np.cumsum(DRAW.normal(size=300)))
    assert finding.evidence["correlation"] > 0.9


def test_few_rows_are_skipped():
    assert isinstance(examined(words([1, 1, 2, 2]))[0], Skipped)
