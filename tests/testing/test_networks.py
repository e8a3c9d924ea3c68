"""Networks that are right: their outputs have the right shape, and what their docstrings say of them holds."""

import torch

from kilter.testing.networks import (
    Attention,
    Bag,
    Convolutions,
    Mixed,
    Perceptron,
    Recurrent,
    Residual,
    Tied,
    Transfer,
)

NUMBERS = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
TOKENS = torch.tensor([[3, 4, 5, 0], [1, 2, 0, 0]])
MASK = TOKENS > 0


def test_networks_over_numbers_give_a_row_for_each_example():
    for network in (Perceptron(6, 3), Perceptron(6, 3, norm="batch"), Residual(6, 3), Tied(6, 3), Transfer(6, 3)):
        assert network(NUMBERS).shape == (5, 3)


def test_networks_over_tokens_leave_padding_out():
    for network in (Bag(9, 3), Recurrent(9, 3), Attention(9, 3)):
        network.eval()
        alone = network(TOKENS[1:, :2], MASK[1:, :2])
        assert torch.allclose(network(TOKENS, MASK)[1:], alone, atol=1e-6)


def test_other_networks_give_a_row_for_each_example():
    assert Mixed(6, (4, 5), 3)(NUMBERS, torch.zeros(5, 2, dtype=torch.int64)).shape == (5, 3)
    assert Convolutions(3)(torch.randn(5, 1, 8, 8)).shape == (5, 3)
    assert Convolutions(3, norm="group")(torch.randn(5, 1, 8, 8)).shape == (5, 3)


def test_branches_begin_at_zero():
    network = Residual(6, 3)
    assert torch.equal(network(NUMBERS), network.out(network.first(NUMBERS)))


def test_tied_layers_share_one_matrix():
    network = Tied(6, 3)
    assert network.second.weight is network.third.weight
    assert len(list(network.parameters())) == 7  # three layers' biases and the head's, three matrices


def test_a_backbone_is_frozen_and_its_head_is_not():
    wanted = {name: parameter.requires_grad for name, parameter in Transfer(6, 3).named_parameters()}
    assert not wanted["backbone.0.weight"]
    assert wanted["head.weight"]
