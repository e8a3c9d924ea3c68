"""Numbers that stand for a batch."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.engine.fingerprints import NUMBERS, fingerprint, largest, odd_rows, plain_tensors


@given(st.integers(0, 2**30), st.sampled_from([torch.float32, torch.float64, torch.int64, torch.bool]))
def test_equal_batches_have_equal_fingerprints_and_others_have_others(seed, dtype):
    draw = torch.Generator().manual_seed(seed)
    one = (10 * torch.randn(7, 5, generator=draw)).to(dtype)
    other = one.flip(0)
    assert fingerprint({"x": one, "y": [one]}) == fingerprint({"x": one.clone(), "y": [one.clone()]})
    if not torch.equal(one, other):
        assert fingerprint(one) != fingerprint(other)


def test_one_hot_rows_with_equally_many_ones_differ():
    prints = {float(fingerprint(torch.eye(300)[torch.randperm(300)[:16]])) for _ in range(50)}
    assert len(prints) == 50


def test_masks_do_not_hide_what_differs_beside_them():
    mask = torch.ones(4, 3)
    one, other = torch.arange(12).reshape(4, 3), torch.arange(1, 13).reshape(4, 3)
    assert fingerprint((mask, one)) != fingerprint((mask, other))


def test_large_batches_are_sampled_and_small_ones_need_no_tensor_of_ours():
    large = torch.zeros(3 * NUMBERS)
    assert fingerprint(large) == 0
    assert fingerprint(["words", 3]) is None
    assert fingerprint(torch.empty(0)) is None
    assert largest(torch.arange(3)) is None


def test_the_largest_is_that_of_all_tensors_with_fractions():
    assert largest({"a": torch.tensor([1.0, -7.0]), "b": torch.tensor([900])}) == 7
    assert largest([torch.ones(2), torch.tensor([0.0, torch.inf])]).isinf()


def test_rows_that_stand_out():
    rows = torch.ones(5, 4)
    assert odd_rows(rows) == ()
    rows[1, 2], rows[4, 0] = 100.0, -50.0
    assert odd_rows(rows) == (1, 4)
    rows[3, 3] = torch.inf
    assert odd_rows([torch.arange(5), rows]) == (3,)
    assert odd_rows(torch.full((3, 2), torch.nan)) == ()  # none stands out from the others


def test_sparse_and_nested_parts_are_passed_over():
    assert list(plain_tensors([torch.eye(2).to_sparse(), "a", None, {"b": torch.ones(1)}])) == [torch.ones(1)]
