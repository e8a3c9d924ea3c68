"""Training rows with their labels."""

import numpy as np
import pytest

from kilter.checks.data.labelled import Labelled, draw_labelled, training_labels
from kilter.testing.tables import column, dataset, table
from kilter.values.table import Kind


def made(labels, kind=Kind.CATEGORY, split="train"):
    cells = column(labels) if kind is Kind.CATEGORY else np.array(labels)
    columns = {"x": np.arange(float(len(labels))), "y": cells}
    return dataset(columns, {"x": Kind.NUMBER}, target_kind=kind, shares={split: 1.0}, shuffled=False)


def test_rows_without_a_label_are_left_out():
    drawn = draw_labelled(table({"y": column(["b", None, "a", " ", "b"])}, "t"), "y", 9)

    assert drawn.names == ["a", "b"]
    assert drawn.labels.tolist() == [1, 0, 1]
    assert drawn.table.columns["y"].tolist() == ["b", "a", "b"]


def test_of_many_rows_some_are_drawn_the_same_each_time_and_in_their_order():
    rows = table({"y": column(["a", "b"] * 50), "x": np.arange(100.0)}, "t")
    first, second = (draw_labelled(rows, "y", 20).table.columns["x"] for _ in range(2))

    assert len(first) == 20
    assert (np.diff(first) > 0).all()
    assert first.max() > 20
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        (made([0.5, 1.5, 2.0], kind=Kind.NUMBER), "no single label"),
        (made(["a", "b", "c"], split="test"), "no training split"),
        (made(["a", "b", None]), "fewer than 3 labelled rows"),
        (made(["a", "a", "a"]), "not 2 to 3 labels"),
        (made(["a", "b", "c", "d"]), "not 2 to 3 labels"),
    ],
)
def test_what_cannot_be_judged_by_is_said(subject, why):
    assert why in training_labels(subject, rows=(3, 9), labels=(2, 3))


def test_what_suffices_is_given():
    found = training_labels(made(["a", "b", "c"]), rows=(3, 9), labels=(2, 3))

    assert isinstance(found, Labelled)
    assert len(found.table) == 3
