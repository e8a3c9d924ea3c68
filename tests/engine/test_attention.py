import math

import pytest
import torch

from kilter.engine.activations import Activation
from kilter.engine.attention import entropy, shares


def activation(kind, result, *given, **keywords):
    return Activation(kind=kind, module="", given=given, keywords=keywords, result=result, units=-1)


def parts(*shape):
    draw = torch.Generator().manual_seed(0)
    return [torch.randn(*shape, generator=draw) for _ in range(3)]


@pytest.mark.parametrize("mask", [None, "truth", "number", "causal"])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_shares_of_a_fused_attention_weigh_the_values_as_torch_does(mask, scale):
    query, key, value = parts(2, 3, 5, 4)
    truth = torch.arange(5) < torch.tensor([[5], [3]]).view(2, 1, 1, 1)
    given = {"truth": truth.expand(2, 1, 5, 5), "number": torch.randn(5, 5), "causal": None, None: None}[mask]
    wanted = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=given, is_causal=mask == "causal", scale=scale
    )
    keywords = {} if given is None else {"attn_mask": given}
    seen = activation(
        "attention", wanted, query, key, value, *([True] if mask == "causal" else []), scale=scale, **keywords
    )
    weights, allowed = shares(seen, dtype=torch.float32)
    torch.testing.assert_close(weights @ value, wanted)
    assert bool((weights[~allowed] == 0).all())
    first, _ = shares(seen, most=80, dtype=torch.float32)
    assert torch.equal(first, weights[:1])


def test_shares_of_a_softmax_are_its_results():
    products = torch.randn(4, 3, 3)
    products[:, 0, 1:] = -math.inf
    weights, allowed = shares(activation("softmax", products.softmax(-1), products), dtype=torch.float32)
    assert torch.equal(weights, products.softmax(-1))
    assert allowed[:, 0].sum(-1).tolist() == [1] * 4
    few, _ = shares(activation("softmax", products.softmax(-1), products), most=18)
    assert few.shape == (2, 3, 3)


def test_other_activations_have_none():
    assert shares(activation("relu", torch.ones(3))) is None
    query, key = torch.ones(2, 3, 4), torch.ones(1, 3, 4)
    assert shares(activation("attention", query, query, key, key)) is None


@pytest.mark.parametrize("free", [2, 3, 5])
def test_entropy_is_that_of_its_definition(free):
    weights = torch.zeros(4, 5)
    weights[:, :free] = torch.randn(4, free).softmax(-1)
    allowed = torch.zeros(4, 5, dtype=torch.bool)
    allowed[:, :free] = True
    total, count = entropy(weights, allowed)
    naive = [-sum(p * math.log(p) for p in row if p > 0) / math.log(free) for row in weights.tolist()]
    assert total.item() == pytest.approx(sum(naive), rel=1e-5)
    assert count.item() == 4


def test_who_has_no_choice_does_not_count():
    allowed = torch.tensor([[True, False], [True, True], [False, False]])
    total, count = entropy(torch.tensor([[1.0, 0.0], [0.5, 0.5], [math.nan, math.nan]]), allowed)
    assert (total.item(), count.item()) == (1.0, 1)
