import numpy as np
import pytest

from kilter.metrics.inputs import (
    as_answers,
    as_classes,
    as_probabilities,
    as_reals,
    as_table,
    as_vector,
    refuse_confidence,
    refuse_resamples,
    refuse_unequal_lengths,
    row_chunks,
)


def test_a_column_is_refused_where_a_vector_is_meant():
    with pytest.raises(ValueError, match=r"target has shape \(3, 1\).*\(n,\), is legal.*reshape") as raised:
        as_vector("target", np.zeros((3, 1)))
    assert "target" in str(raised.value)


def test_classes_come_through_as_whole_numbers():
    assert as_classes("target", [0, 2, 1], 3).tolist() == [0, 2, 1]
    assert as_classes("target", np.array([0, 2], dtype=np.uint8), 3).dtype == np.int64
    assert as_classes("target", [True, False], 2).tolist() == [1, 0]
    assert as_classes("target", [], 2).dtype == np.int64


@pytest.mark.parametrize(
    ("values", "met"),
    [
        ([0.0, 1.0], "float64 values: class indices"),
        (["a", "b"], "class indices of a whole-number type"),
        ([0, -1], "class index -1: 0 to 1 are legal"),
        ([0, 2], "class index 2: 0 to 1 are legal"),
    ],
)
def test_classes_are_refused(values, met):
    with pytest.raises(ValueError, match=met):
        as_classes("target", values, 2)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_reals_are_finite(wrong):
    assert as_reals("values", [1, 2]).dtype == np.float64
    with pytest.raises(ValueError, match="values holds 1 values that are not-a-number or infinite, of 2"):
        as_reals("values", [1.0, wrong])


def test_reals_are_numbers():
    with pytest.raises(ValueError, match="real numbers are legal; convert"):
        as_reals("values", ["1.0"])


def test_probabilities_keep_their_precision():
    half = np.full((2, 2), 0.5, dtype=np.float32)
    assert as_probabilities("p", half, examples=2, classes=2).dtype == np.float32
    assert as_probabilities("p", half.astype(np.float16), examples=2, classes=2).dtype == np.float64
    assert as_probabilities("p", np.zeros((0, 3)), examples=0, classes=3).shape == (0, 3)


@pytest.mark.parametrize(
    ("table", "met"),
    [
        ([[0.5, 0.5]], r"shape \(1, 2\): \(examples, classes\) = \(2, 2\)"),
        ([[2.0, -1.0], [0.5, 0.5]], "-1 to 2: 0 to 1 is legal"),
        ([[np.nan, 0.5], [0.5, 0.5]], "nan"),
        ([[0.9, 0.9], [0.5, 0.5]], "sum is 0.8 away from 1"),
    ],
)
def test_probabilities_are_refused(table, met):
    with pytest.raises(ValueError, match=met):
        as_probabilities("p", table, examples=2, classes=2)


def test_answers_are_as_many_as_targets_and_have_a_column_a_class():
    true, table = as_answers([0, 1], [[0.5, 0.5], [0.1, 0.9]])
    assert true.tolist() == [0, 1]
    assert table.tolist() == as_table([[0.5, 0.5], [0.1, 0.9]]).tolist() == [[0.5, 0.5], [0.1, 0.9]]
    for refused in (as_table, lambda table: as_answers([0], table)):
        with pytest.raises(ValueError, match=r"shape \(1,\): \(n, classes\) is legal"):
            refused([0.5])
    with pytest.raises(ValueError, match=r"= \(3, 2\) is legal"):
        as_answers([0, 1, 1], [[0.5, 0.5]])


def test_lengths_confidence_and_resamples_are_refused():
    with pytest.raises(ValueError, match=r"\(a 2, b 3\).*join the arrays by example id"):
        refuse_unequal_lengths(a=np.zeros(2), b=np.zeros(3))
    for confidence in (0.0, 1.0, 95, float("nan")):
        with pytest.raises(ValueError, match="strictly between 0 and 1 is legal"):
            refuse_confidence(confidence)
    with pytest.raises(ValueError, match="1 or more is legal"):
        refuse_resamples(0)


@pytest.mark.parametrize(("rows", "columns"), [(0, 3), (1, 0), (1, 1_000_000), (700, 10), (100_000, 7)])
def test_chunks_are_all_rows_in_their_order(rows, columns):
    chunks = list(row_chunks(rows, columns))
    assert [row for chunk in chunks for row in range(rows)[chunk]] == list(range(rows))
    assert all(chunk.stop - chunk.start == 1 or (chunk.stop - chunk.start) * columns <= 250_000 for chunk in chunks)
