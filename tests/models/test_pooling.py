import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.models.pooling import POOLINGS, pool


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 2**31), st.sampled_from(POOLINGS))
def test_against_naive_twins(lengths, seed, how):
    states = np.random.default_rng(seed).normal(size=(len(lengths), 6, 3))
    mask = np.arange(6)[None] < np.array(lengths)[:, None]
    naive = {"mean": lambda s: s.mean(0), "max": lambda s: s.max(0), "first": lambda s: s[0], "final": lambda s: s[-1]}
    expected = [naive[how](states[row, :size]) if size else np.zeros(3) for row, size in enumerate(lengths)]
    hidden = torch.tensor(states).masked_fill(~torch.tensor(mask).unsqueeze(-1), float("nan"))
    if how in {"mean", "max"}:
        hidden = torch.tensor(states)
    np.testing.assert_allclose(pool(hidden, torch.tensor(mask), how).numpy(), np.stack(expected))


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="legal are mean, max, first, final"):
        pool(torch.zeros(1, 2, 3), torch.ones(1, 2, dtype=torch.bool), "median")
    with pytest.raises(ValueError, match=r"states \(1, 2, 3\) with a mask \(1, 3\)"):
        pool(torch.zeros(1, 2, 3), torch.ones(1, 3, dtype=torch.bool), "mean")
