"""Sequences of tokens."""

import torch

from kilter.checks.program.batches.tokens import NOTHING, token_columns, token_sequences


def test_the_padding_is_found_at_either_end(sets):
    x, _, valid, _ = sets["tokens"]()
    assert token_sequences([x], [valid], None).pad == 0
    assert token_sequences([x.flip(1)], [valid.flip(1)], None).pad == 0
    assert token_sequences([x], [valid], 7).pad == 7


def test_a_frequent_token_is_no_padding():
    x = torch.randint(0, 3, (300, 9), generator=torch.Generator().manual_seed(0))
    assert token_sequences([x], [], None).pad is None


def test_lengths_and_batches_of_different_lengths():
    left, right = torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.tensor([[6, 7]])
    tokens = token_sequences([left, right], [], 0)
    assert tokens.lengths().tolist() == [3, 2, 2]
    assert tokens.train[2, 2] == NOTHING
    assert tokens.widths == (3, 0)
    assert tokens.distinct == 8


def test_columns_count_tokens_and_say_which_are_at_the_ends():
    x = torch.tensor([[1, 1, 2, 0], [2, 3, 0, 0]] * 8)
    train, valid, names = token_columns(token_sequences([x], [x[:1]], 0))
    assert len(names) == train.shape[1] == valid.shape[1]
    first = dict(zip(names, train[0], strict=True))
    assert (first["token 1"], first["token 2"], first["token 3"]) == (2, 1, 0)
    assert first["token 1 at 0"] == 1
    assert (train[0] == valid[0]).all()
