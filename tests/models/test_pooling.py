import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.models.pooling import POOLS, make_pooling, pool


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 2**31), st.sampled_from(sorted(POOLS)))
def test_against_naive_twins(lengths, seed, how):
    states = np.random.default_rng(seed).normal(size=(len(lengths), 6, 3))
    mask = np.arange(6)[None] < np.array(lengths)[:, None]
    naive = {
        "mean": lambda s: s.mean(0),
        "sum": lambda s: s.sum(0),
        "max": lambda s: s.max(0),
        "first": lambda s: s[0],
        "final": lambda s: s[-1],
    }
    expected = [naive[how](states[row, :size]) if size else np.zeros(3) for row, size in enumerate(lengths)]
    hidden = torch.tensor(states).masked_fill(~torch.tensor(mask).unsqueeze(-1), float("nan"))
    if how in {"mean", "sum", "max"}:
        hidden = torch.tensor(states)
    np.testing.assert_allclose(pool(hidden, torch.tensor(mask), how).numpy(), np.stack(expected))


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="legal are mean, sum, max, first, final"):
        pool(torch.zeros(1, 2, 3), torch.ones(1, 2, dtype=torch.bool), "median")
    with pytest.raises(ValueError, match=r"states \(1, 2, 3\) with a mask \(1, 3\)"):
        pool(torch.zeros(1, 2, 3), torch.ones(1, 3, dtype=torch.bool), "mean")


def lengths_and_mask():
    lengths = np.array([5, 1, 3, 0])
    return lengths, torch.arange(5)[None] < torch.tensor(lengths)[:, None]


def test_attention_against_a_naive_twin():
    torch.manual_seed(0)
    pooling, states = make_pooling("attention", 6), torch.randn(4, 5, 6)
    lengths, mask = lengths_and_mask()
    expected = []
    for row, length in enumerate(lengths):
        keys = np.tanh((states[row, :length] @ pooling.key.weight.T + pooling.key.bias).detach().numpy())
        raw = np.exp(keys @ pooling.query.weight[0].detach().numpy())
        weights = raw / raw.sum() if length else raw
        expected.append((weights[:, None] * states[row, :length].numpy()).sum(0))
    np.testing.assert_allclose(pooling(states, mask).detach().numpy(), np.stack(expected), atol=1e-6)


def test_attention_does_not_see_padding_and_survives_empty_texts():
    torch.manual_seed(0)
    pooling, states = make_pooling("attention", 6), torch.randn(4, 5, 6, requires_grad=True)
    _, mask = lengths_and_mask()
    hidden = torch.where(mask.unsqueeze(-1), states, float("nan"))
    pooled = pooling(hidden, mask)
    torch.testing.assert_close(pooled, pooling(states, mask))
    torch.testing.assert_close(pooling.weights(states, mask).sum(1), torch.tensor([1.0, 1.0, 1.0, 0.0]))
    torch.autograd.backward(pooling(states, mask).sum())
    assert torch.isfinite(states.grad).all()
    assert not pooled[3].any()


def test_modules_without_weights_pool_as_the_function_does():
    states, (_, mask) = torch.randn(4, 5, 6), lengths_and_mask()
    for how in POOLS:
        assert torch.equal(make_pooling(how, 6)(states, mask), pool(states, mask, how))
    with pytest.raises(ValueError, match="legal are mean, sum, max, first, final, attention"):
        make_pooling("median", 6)
