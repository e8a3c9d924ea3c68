"""Networks over sequences that are right: shapes, padding, and what they may look at."""

import pytest
import torch

from kilter.testing.sequence_networks import (
    AttentiveTagger,
    CausalAttention,
    CausalRecurrent,
    Pairs,
    RecurrentTagger,
    Siamese,
    Writer,
)

TOKENS = torch.tensor([[3, 4, 5, 6], [1, 2, 0, 0]])
MASK = TOKENS > 0
ANSWERS = torch.tensor([[7, 8, 3], [4, 0, 0]])
LETTERS = torch.stack([TOKENS, TOKENS % 3], dim=-1)
SEGMENTS = torch.tensor([[0, 0, 1, 1], [0, 1, 0, 0]])


@pytest.mark.parametrize(
    ("network", "given", "shape"),
    [
        (RecurrentTagger(9, 9, 3), {"tokens": TOKENS, "mask": MASK, "characters": LETTERS}, (2, 4, 3)),
        (AttentiveTagger(9, 3), {"tokens": TOKENS, "mask": MASK}, (2, 4, 3)),
        (CausalAttention(9), {"tokens": TOKENS, "mask": MASK}, (2, 4, 9)),
        (CausalRecurrent(9), {"tokens": TOKENS}, (2, 4, 9)),
        (Writer(9), {"tokens": TOKENS, "mask": MASK, "answers": ANSWERS}, (2, 3, 9)),
        (Pairs(9, 2), {"tokens": TOKENS, "mask": MASK, "segments": SEGMENTS}, (2, 2)),
    ],
    ids=lambda part: type(part).__name__ if isinstance(part, torch.nn.Module) else "",
)
def test_shapes_and_padding(network, given, shape):
    network.eval()
    whole = network(**given)
    assert whole.shape == shape
    narrow = {name: part[1:, :2] if name != "answers" else part[1:, :1] for name, part in given.items()}
    alone = network(**narrow)
    assert torch.allclose(whole[1:, : alone.shape[1]], alone, atol=1e-5)


def test_both_sides_lie_on_one_sphere_whatever_the_padding():
    network = Siamese(9)
    sides = network(TOKENS, MASK, ANSWERS, ANSWERS > 0)
    assert torch.allclose(sides["left"].norm(dim=1), torch.ones(2))
    alone = network(TOKENS[1:, :2], MASK[1:, :2], ANSWERS[1:, :1], ANSWERS[1:, :1] > 0)
    assert torch.allclose(sides["right"][1:], alone["right"], atol=1e-6)


@pytest.mark.parametrize("network", [CausalAttention(9), CausalRecurrent(9), CausalAttention(9, causal=False)])
def test_only_what_is_causal_leaves_the_future_alone(network):
    network.eval()
    given = {"tokens": TOKENS[:1], **({"mask": MASK[:1]} if isinstance(network, CausalAttention) else {})}
    other = {**given, "tokens": torch.tensor([[3, 4, 8, 1]])}
    same = torch.allclose(network(**given)[:, :2], network(**other)[:, :2], atol=1e-6)
    assert same == (not isinstance(network, CausalAttention) or network.block.causal)
