"""Bytes of living tensors, against sums by hand."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from kilter.finders.tally import Tally


def test_what_lives_counts_and_what_is_given_up_does_not():
    with Tally() as tally:
        first = torch.ones(1000)
        second = first + 1
        assert tally.now == 8000
        del second
        assert tally.now == 4000
        view = first[10:]
        assert tally.now == 4000
        del first, view

    assert (tally.now, tally.most) == (0, 8000)


def test_what_is_saved_for_gradients_lives_until_they_are_taken():
    weight = torch.ones(100, requires_grad=True)
    with Tally() as tally:
        loss = (weight * 2).exp().sum()
        held = tally.now
        loss.backward()

    assert held == 400 + 4  # the exponential is kept for its own gradient
    assert tally.most > held


def test_fake_tensors_count_as_much_and_hold_nothing():
    with FakeTensorMode(), Tally() as tally:
        large = torch.zeros(2**36)

    assert tally.most == 2**38
    del large


@pytest.mark.parametrize("kind", [torch.float32, torch.int64, torch.bool])
def test_numbers_are_answered(kind):
    with FakeTensorMode(), Tally():
        assert torch.zeros((), dtype=kind).item() == 1


def test_what_a_mask_picks_is_all():
    with FakeTensorMode(), Tally():
        rows, mask = torch.zeros(4, 3), torch.zeros(4, 3, dtype=torch.bool)

        assert rows[mask].shape == (12,)
        assert rows[mask[:, 0]].shape == (4, 3)
        assert rows.masked_select(mask).shape == (12,)
        assert mask.nonzero().shape == (12, 2)
        rows[mask] = 0.0
