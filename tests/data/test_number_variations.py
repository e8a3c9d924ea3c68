import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.number_variations import with_noise

from .varying import KEY, ROWS, depends_on_seed_and_epoch, is_the_same_in_any_company


def noisy(rows, **key):
    return with_noise(torch.zeros(40, 7)[rows], deviation=1, rows=rows, **key)


def test_noise_has_its_deviation():
    made = with_noise(torch.zeros(500, 20), deviation=0.5, rows=range(500), **KEY)
    assert made.dtype == torch.float32
    assert made.std().item() == pytest.approx(0.5, rel=0.03)
    assert abs(made.mean().item()) < 0.02


@given(st.permutations(ROWS), st.integers(1, 40))
def test_a_row_varies_alike_whenever_it_is_asked_for(order, size):
    is_the_same_in_any_company(noisy, order, size)


def test_another_epoch_or_seed_varies_otherwise():
    depends_on_seed_and_epoch(noisy)
