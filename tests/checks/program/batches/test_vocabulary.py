"""Tokens of validation that training does not know."""

import torch

from kilter.checks.program.batches.vocabulary import Vocabulary


def _validation(data, change):
    x, y, valid_x, valid_y = data
    return x, y, torch.where(valid_x > 0, change(valid_x), valid_x), valid_y


def test_tokens_of_another_vocabulary(make, alarms, sets, parts):
    data = _validation(sets["tokens"](), lambda x: x + 19)
    assert alarms(Vocabulary(), make(data, parts["Bag"])) == ["vocabulary_mismatch"]


def test_unknown_words_only(make, look, sets, parts):
    data = _validation(sets["tokens"](), lambda x: torch.where(x > 4, torch.ones_like(x), x))
    found, _ = look(Vocabulary(), make(data, parts["Bag"]))
    assert "token 1 is" in found[0].seen


def test_silent_on_one_vocabulary(make, alarms, sets, parts):
    assert alarms(Vocabulary(), make(sets["tokens"](), parts["Bag"])) == []
