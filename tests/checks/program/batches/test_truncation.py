"""Sequences that were cut short."""

import torch

from kilter.checks.program.batches.truncation import Truncation


def _cut(data, length):
    x, y, valid_x, valid_y = data
    return x[:, :length], y, valid_x[:, :length], valid_y


def test_what_mattered_was_cut_off(make, look, sets, parts):
    data = _cut(sets["tokens"](2400, 20, "last"), 8)
    found, _ = look(Truncation(), make(data, lambda: parts["Bag"](4)))
    assert found[0].causes == ("truncated_inputs",)
    shorter, full = found[0].evidence["skills"]
    assert shorter > full + 0.2


def test_a_note_where_they_can_be_learnt_from_all_the_same(make, look, sets, parts):
    found, notes = look(Truncation(), make(_cut(sets["tokens"](1500, 30), 20), parts["Bag"]))
    assert not found
    assert len(notes) == 1


def test_silent_on_whole_sequences_and_on_one_length(make, look, sets, parts):
    assert look(Truncation(), make(sets["tokens"](), parts["Bag"])) == ([], [])
    x = torch.randint(1, 20, (400, 10), generator=torch.Generator().manual_seed(0))
    y = (x < 10).sum(1).gt(5).long()
    assert look(Truncation(), make((x[:300], y[:300], x[300:], y[300:]), parts["Bag"])) == ([], [])
