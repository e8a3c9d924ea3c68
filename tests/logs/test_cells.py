import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kilter.logs.cells import numbers_of


def column(*cells, **options):
    numbers, notes = numbers_of({"x": cells}, **options)
    return ([array.tolist() for array in numbers["x"]] if "x" in numbers else None), notes


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_numbers_come_back_as_they_were_written(values):
    (rows, read), notes = column(*map(repr, values))

    assert rows == list(range(len(values)))
    assert read == values
    assert notes == ()


def test_empty_cells_are_missing():
    assert column("1", "", "None", " ", "3", "N/A") == ([[0, 4], [1.0, 3.0]], ())


def test_what_people_write_for_numbers():
    cells = ["tensor(0.25)", "tensor(0.5, grad_fn=<NllLossBackward0>)", "85%", "[1.5]", "inf", "1e-4", " 2 "]

    assert column(*cells)[0][1] == [0.25, 0.5, 0.85, 1.5, math.inf, 1e-4, 2.0]


def test_a_comma_may_part_the_decimals():
    assert column("0,5", "1", decimal_comma=True)[0][1] == [0.5, 1.0]
    assert column("0,5", "1", decimal_comma=False)[0] is None


def test_a_column_of_text_is_left_out_and_said():
    assert column("adam", "sgd") == (None, ("Columns of text are left out: x.",))


def test_a_strange_cell_is_left_out_and_said():
    (rows, values), (note,) = column(*["1"] * 20, "oops")

    assert (len(rows), values[-1]) == (20, 1.0)
    assert "'oops'" in note


def test_nan_is_a_value_where_the_loss_is_none():
    numbers, _ = numbers_of({"loss": ["1", "nan", "nan"], "lr": ["1", "1", "1"]})

    assert np.isnan(numbers["loss"][1]).tolist() == [False, True, True]


def test_nan_is_a_gap_where_training_and_validation_stand_in_rows_of_their_own():
    numbers, _ = numbers_of({"loss": ["1", "2", "nan", "3"], "val_loss": ["nan", "nan", "5", "nan"]})

    assert [array.tolist() for array in numbers["loss"]] == [[0, 1, 3], [1.0, 2.0, 3.0]]
    assert [array.tolist() for array in numbers["val_loss"]] == [[2], [5.0]]


def test_both_losses_may_become_no_numbers_together():
    numbers, _ = numbers_of({"loss": ["1", "2", "nan"], "val_loss": ["1", "2", "nan"]})

    assert math.isnan(numbers["loss"][1][-1])
    assert math.isnan(numbers["val_loss"][1][-1])
