"""Networks of programs: shapes, and what their docstrings say of them."""

import torch

from kilter.testing.programs.networks import (
    Causal,
    Convolutions,
    Encoder,
    Experts,
    Gated,
    MaskedMean,
    Packed,
    Tagger,
    perceptron,
)

TOKENS = torch.tensor([[3, 4, 5, 0], [1, 2, 0, 0]])
LENGTHS = torch.tensor([3, 2])


def test_networks_over_numbers_give_a_row_for_each_example():
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    for network in (perceptron(6, 4, 3), perceptron(6, 4, 3, dropout=0.5), Gated(6, 3), Experts(6, 3)):
        assert network(x).shape == (5, 3)
    assert Convolutions(norm="group", groups=4)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_networks_over_words_leave_padding_out():
    for network in (MaskedMean(2), Encoder(2)):
        assert torch.allclose(network(TOKENS)[1:], network(TOKENS[1:, :2]), atol=1e-6)
    for network in (Packed(2), Tagger(4)):
        alone = network(TOKENS[1:, :2], LENGTHS[1:])
        assert torch.allclose(network(TOKENS, LENGTHS)[1:, :2], alone, atol=1e-6)


def test_branches_begin_at_zero():
    network = Gated(6, 3)
    x = torch.ones(1, 6)
    assert torch.equal(network(x), network.out(network.first(x).relu()))


def test_the_future_is_hidden_and_weights_are_tied():
    network = Causal()
    other = TOKENS.clone()
    other[:, 3] = 7
    assert torch.allclose(network(TOKENS)[:, :3], network(other)[:, :3], atol=1e-6)
    assert network.out.weight is network.embedding.weight
    assert Causal(tied=False).out.weight.shape == (13, 24)
