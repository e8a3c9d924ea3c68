from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.models.pairs import matched
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs

from .readers import begins_near_chance, teaches_every_parameter

TEXTS = Inputs(vocabulary=40, longest=12, texts=2)
WORDS = st.lists(st.integers(5, 8), max_size=6)


def pair(left, right, padding=0):
    """Two lists of ids as a batch of one, marked as the preprocessing marks them."""
    tokens = [2, *left, 4, *right, 3]
    segments = [0] * (len(left) + 2) + [1] * (len(right) + 1)
    return {
        "tokens": torch.tensor([tokens + [0] * padding]),
        "mask": torch.tensor([[True] * len(tokens) + [False] * padding]),
        "segments": torch.tensor([segments + [0] * padding]),
    }


def batch():
    rows = [pair([5, 6, 7], [7, 8], 1), pair([9, 9, 5], [1, 6, 5]), pair([5], [6], 4)]
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


@given(WORDS, WORDS)
def test_matches_add_up_to_the_intersection_of_multisets(left, right):
    tokens, side = torch.tensor([left + right]), torch.tensor([[0] * len(left) + [1] * len(right)])
    shares = matched(tokens.long(), torch.ones_like(side, dtype=torch.bool), side.unsqueeze(2) != side.unsqueeze(1))
    both = (Counter(left) & Counter(right)).total()
    assert shares[0, : len(left)].sum().item() == pytest.approx(both)
    assert shares[0, len(left) :].sum().item() == pytest.approx(both)


def test_unknown_words_match_nothing():
    given = pair([1, 5], [1, 5])
    side = given["segments"]
    shares = matched(given["tokens"], given["mask"], side.unsqueeze(2) != side.unsqueeze(1))
    assert shares[0].tolist() == [0, 0, 1, 0, 0, 1, 0]


def test_padding_does_not_count(made):
    model = made("pairs", TEXTS)
    torch.testing.assert_close(model(**pair([5, 6], [7])), model(**pair([5, 6], [7], padding=5)))


def test_empty_texts_have_answers_and_gradients(made):
    model = made("pairs", TEXTS).train()
    for left, right in ([], [5]), ([5], []), ([], []):
        answers = model(**pair(left, right))
        torch.autograd.backward(answers.sum())
        assert torch.isfinite(answers).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_every_parameter_learns(made):
    teaches_every_parameter(made("pairs", TEXTS), batch())


def test_first_answers(made):
    begins_near_chance(made("pairs", TEXTS), batch())


def test_it_sees_what_stands_in_both_texts_and_not_in_which_order(made):
    model = made("pairs", TEXTS)
    assert not torch.allclose(model(**pair([5, 6], [6, 7])), model(**pair([5, 6], [8, 7])))
    torch.testing.assert_close(model(**pair([5, 6], [6, 7])), model(**pair([6, 5], [7, 6])))


def test_it_learns_which_texts_are_the_same_but_for_the_order(made):
    model = made("pairs", TEXTS, outputs=2).train()
    draw = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        left = torch.randint(5, 30, (32, 5), generator=draw)
        right = left[:, torch.randperm(5, generator=draw)].clone()
        target = torch.arange(32) % 2
        right[target == 0, 0] = torch.randint(30, 40, (16,), generator=draw)
        tokens = torch.cat([left, right], dim=1)
        segments = torch.tensor([0] * 5 + [1] * 5).expand(32, -1)
        answers = model(tokens, torch.ones_like(tokens, dtype=torch.bool), segments)
        optimizer.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(answers, target))
        optimizer.step()
    assert (answers.argmax(1) == target).float().mean() > 0.95


def test_one_text_is_refused(made):
    with pytest.raises(RecipeError, match="it compares 2 texts, and the data have 1"):
        made("pairs", Inputs(vocabulary=40, longest=12, texts=1))
