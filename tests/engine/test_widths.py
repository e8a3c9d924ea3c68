"""Batches are measured by their numbers, and a few are taken of many."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.engine.widths import numbers_in, spread


def test_all_tensors_count():
    assert numbers_in({"x": torch.zeros(2, 3), "more": (torch.zeros(4), "text", [torch.tensor(1)])}) == 11
    assert numbers_in("text") == 0


@given(st.integers(0, 200), st.integers(1, 50))
def test_so_many_are_taken_in_order_the_first_among_them(count, most):
    items = range(count)
    taken = list(spread(items, most))
    assert len(taken) == min(count, most)
    assert taken == sorted(set(taken))
    assert taken[:1] == list(items)[:1]
    gaps = {after - before for before, after in pairwise(taken)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("most", [None, 3, 9])
def test_what_is_few_stays(most):
    assert spread([1, 2, 3], most) == [1, 2, 3]
