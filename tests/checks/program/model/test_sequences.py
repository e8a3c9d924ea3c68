"""Padded sequences among arguments."""

import torch

from kilter.checks.program.model.sequences import cut, find_padded, is_tokens


def test_a_token_that_fills_tails_and_stands_nowhere_else_pads(parts):
    found = find_padded({("at", 0): parts.data.padded}, len(parts.data.padded), None)
    assert [(one.path, one.pad) for one in found] == [(("at", 0), 0)]
    assert torch.equal(found[0].lengths, parts.data.lengths)
    other = parts.data.padded.masked_fill(parts.data.padded == 0, 99)
    assert [one.pad for one in find_padded({(0,): other}, len(other), None)] == [99]


def test_full_rows_columns_and_tokens_inside_do_not(parts):
    text = parts.data.text
    assert find_padded({(0,): text}, len(text), None) == []
    categories = torch.randint(0, 3, (160, 8), generator=torch.Generator().manual_seed(0))
    assert find_padded({(0,): categories}, 160, None) == []
    inside = parts.data.padded.clone()
    inside[:, 1] = 0
    assert find_padded({(0,): inside}, 160, None) == []
    assert len(find_padded({(0,): inside}, 160, 0)) == 1  # the person's word counts


def test_frames_of_zeros_need_lengths_or_a_mask(parts):
    frames, lengths = parts.data.frames, parts.data.lengths
    mask = torch.arange(frames.shape[1]) < lengths[:, None]
    assert find_padded({(0,): frames}, 160, None) == []
    for other in (lengths, mask, ~mask):
        (found,) = find_padded({(0,): frames, (1,): other}, 160, None)
        assert found.pad is None
        assert torch.equal(found.lengths, lengths)


def test_places_are_cut_in_each_dimension_but_that_of_examples():
    assert cut(torch.zeros(14, 14), 14, 5, 14).shape == (14, 5)
    assert cut(torch.zeros(3, 2, 14, 14), 14, 5, 3).shape == (3, 2, 5, 5)
    assert cut(torch.zeros(3), 14, 5, 3).shape == (3,)


def test_tokens_are_whole_numbers_of_more_than_two_kinds():
    assert is_tokens(torch.tensor([[0, 2]]))
    assert not is_tokens(torch.tensor([[0, 1]]))
    assert not is_tokens(torch.tensor([[True, False]]))
    assert not is_tokens(torch.tensor([[0.0, 2.0]]))
