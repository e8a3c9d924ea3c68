"""Faulty networks over sequences answer in the right shape all the same."""

import pytest
import torch
from torch import nn

from kilter.testing.planted.sequence_networks import (
    BatchSecond,
    Centred,
    Certain,
    DeafWriter,
    Finished,
    PaddedMatch,
    PaddedReader,
    PaddedSpelling,
    PaddedTagger,
)

TOKENS = torch.tensor([[3, 4, 5, 6], [1, 2, 0, 0]])
MASK = TOKENS > 0
ANSWERS = torch.tensor([[7, 8, 3], [4, 0, 0]])


@pytest.mark.parametrize(
    ("network", "given", "shape"),
    [
        (PaddedTagger(9, 3), (TOKENS,), (2, 4, 3)),
        (PaddedSpelling(9, 9, 3), (TOKENS, TOKENS.unsqueeze(-1)), (2, 4, 3)),
        (BatchSecond(9, 3), (TOKENS,), (2, 4, 3)),
        (Centred(9), (TOKENS, MASK), (2, 4, 9)),
        (Finished(9, last=nn.Softmax(dim=-1)), (TOKENS,), (2, 4, 9)),
        (DeafWriter(9), (ANSWERS,), (2, 3, 9)),
        (PaddedReader(9), (TOKENS, ANSWERS), (2, 3, 9)),
        (Certain(9, 3), (TOKENS, MASK), (2, 3)),
    ],
    ids=lambda part: type(part).__name__ if isinstance(part, nn.Module) else "",
)
def test_it_can_be_called(network, given, shape):
    assert network(*given).shape == shape


def test_both_sides_are_given():
    assert set(PaddedMatch(9)(TOKENS, MASK, ANSWERS)) == {"left", "right"}
