"""Data of programs: what their docstrings say of them holds."""

import pytest
import torch

from kilter.testing.programs import data


@pytest.mark.parametrize(
    "made",
    [
        data.digits,
        data.pictures,
        data.cancer,
        data.wine,
        data.diabetes,
        data.friedman,
        data.moons,
        data.circles,
        data.blobs,
        data.rare,
        data.topics,
        data.documents,
        data.tagged,
        data.sentences,
        data.translations,
        data.series,
        data.ratings,
        data.shapes,
    ],
    ids=lambda made: made.__name__,
)
def test_rows_are_whole_and_no_row_is_in_both_parts(made):
    train, valid = made().both
    assert len({len(column) for column in train}) == len({len(column) for column in valid}) == 1
    assert len(train[0]) > len(valid[0]) > 40
    rows = [
        torch.cat([c.flatten(1).double() if c.ndim > 1 else c[:, None].double() for c in p], 1) for p in (train, valid)
    ]
    assert all(bool(torch.isfinite(part).all()) for part in rows)
    shared = {tuple(row) for row in rows[0].tolist()} & {tuple(row) for row in rows[1].tolist()}
    assert len(shared) <= 0.3 * len(valid[0])  # sentences of few words meet by chance


def test_documents_are_padded_with_nothing_and_told_by_their_words():
    tokens, lengths, target = data.documents().train
    assert torch.equal((tokens != 0).sum(1), lengths)
    small = ((tokens < 10) & (tokens > 0)).sum(1)
    assert torch.equal((2 * small > lengths).long(), target)


def test_a_tag_follows_from_its_word_and_the_one_before():
    tokens, _, tags = data.tagged().train
    before = torch.cat([torch.zeros(len(tokens), 1, dtype=torch.long), tokens[:, :-1]], 1)
    there = tokens != 0
    assert torch.equal((2 * (tokens > 5) + (before > 5).long())[there], tags[there])
    assert set(tags[~there].tolist()) == {data.IGNORED}


def test_standardising_takes_what_training_says():
    split = data.standardised(data.Split((torch.tensor([[0.0], [2.0]]),), (torch.tensor([[3.0]]),)))
    assert torch.allclose(split.train[0].mean(), torch.tensor(0.0))
    assert torch.allclose(split.valid[0], torch.tensor([[2 / 2**0.5]]))


def test_loaders_give_rows_as_tuples_dicts_and_tensors():
    (x, y), _ = next(iter(data.loaders(data.digits())[0])), None
    assert x.shape == (64, 64)
    assert y.shape == (64,)
    assert set(next(iter(data.dict_loaders(data.digits(), "x", "y")[1]))) == {"x", "y"}
    assert next(iter(data.tensor_loader(x, 16))).shape == (16, 64)
