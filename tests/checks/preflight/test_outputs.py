"""Outputs as a list of tensors, and how far two of them differ."""

import pytest
import torch

from kilter.checks.preflight.outputs import changed, difference, heads, rows, same, tensors

NAN = float("nan")


def test_outputs_are_one_tensor_or_one_a_head():
    one = torch.ones(2, 3)
    assert tensors(one) == (one,)
    assert [tuple(tensor.shape) for tensor in tensors({"a": one, "b": torch.ones(2)})] == [(2, 3), (2,)]


def test_heads_have_names_where_there_are_several():
    assert heads(torch.ones(2)) == ("",)
    assert heads({"a": torch.ones(2), "b": torch.ones(2)}) == ("a", "b")


def test_floating_point_heads_are_changed_and_others_left():
    heads = {"a": torch.ones(2), "b": torch.ones(2, dtype=torch.int64)}
    after = changed(heads, torch.zeros_like)
    assert after["a"].tolist() == [0.0, 0.0]
    assert after["b"] is heads["b"]
    assert changed(torch.ones(1), torch.zeros_like).tolist() == [0.0]


def test_first_rows_are_those_of_tensors_that_have_rows():
    kept = rows({"a": torch.arange(6.0).reshape(3, 2), "b": torch.tensor(1.0), "c": torch.ones(1)}, 2)
    assert [tensor.tolist() for tensor in kept] == [[[0.0, 1.0], [2.0, 3.0]]]


@pytest.mark.parametrize(
    ("left", "right", "size"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.0], [1.0, 1.0], 0.5),
        ([1.0, NAN], [1.0, NAN], 0.0),
        ([1.0, NAN], [1.0, 1.0], float("inf")),
        ([float("inf"), 2.0], [float("inf"), 1.0], 0.5),
        ([0.0], [0.0], 0.0),
    ],
)
def test_the_difference_is_a_share_of_the_largest(left, right, size):
    assert difference((torch.tensor(left),), (torch.tensor(right),)) == size


def test_other_shapes_differ_infinitely_and_nothing_does_not():
    assert difference((torch.ones(2),), (torch.ones(3),)) == float("inf")
    assert difference((torch.ones(0),), (torch.ones(0),)) == 0.0


def test_the_same_numbers_are_the_same_and_no_number_equals_itself():
    assert same(torch.tensor([1.0, NAN]), torch.tensor([1.0, NAN]))
    assert not same(torch.tensor([1.0]), torch.tensor([NAN]))
    assert not same(torch.ones(1), torch.ones(2))
    assert same(torch.tensor([True]), torch.tensor([True]))
