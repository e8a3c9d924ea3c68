from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from kilter.models.crf import Field, fit_field

K = 3


def naive(field, given, lengths):
    """Shares of labels and the log of the sum over all sequences, by writing all of them down."""
    scores, start, shares, log_sums = given @ field.features, 0, [], []
    for length in lengths:
        rows = scores[start : start + length]
        paths = list(product(range(K), repeat=length))
        said = [
            sum(rows[place, label] for place, label in enumerate(path))
            + (field.begin[path[0]] if path else 0)
            + sum(field.follow[a, b] for a, b in pairwise(path))
            for path in paths
        ]
        chances = np.exp(said) / np.exp(said).sum()
        of_token = np.zeros((length, K))
        for path, chance in zip(paths, chances, strict=True):
            for place, label in enumerate(path):
                of_token[place, label] += chance
        shares.append(of_token)
        log_sums.append(dict(zip(paths, np.log(chances), strict=True)))
        start += length
    return np.concatenate([np.zeros((0, K)), *shares]), log_sums


def drawn(seed, sizes=(3, 1, 0, 4)):
    draw = np.random.default_rng(seed)
    given = (draw.random((sum(sizes), 5)) < 0.5).astype(float)
    field = Field(features=draw.normal(size=(5, K)), begin=draw.normal(size=K), follow=draw.normal(size=(K, K)))
    return draw, given, field, list(sizes)


@given(st.integers(0, 2**32 - 1))
def test_shares_are_those_of_all_sequences(seed):
    _, rows, field, lengths = drawn(seed)

    np.testing.assert_allclose(
        field.shares(sparse.csr_array(rows), lengths), naive(field, rows, lengths)[0], atol=1e-12
    )


def test_a_long_sequence_neither_overflows_nor_vanishes():
    field = Field(features=np.full((1, K), 50.0), begin=np.zeros(K), follow=np.full((K, K), -30.0))
    shares = field.shares(sparse.csr_array(np.ones((2000, 1))), [2000])

    np.testing.assert_allclose(shares, 1 / K)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0, 2.0, 0.5])])
def test_nothing_near_the_fit_is_better(weights):
    draw, rows, _, lengths = drawn(5)
    labels = draw.integers(0, K, len(rows))
    counts = np.ones(4) if weights is None else weights
    found = fit_field(sparse.csr_array(rows), labels, lengths, k=K, weights=weights, penalty=0.7, iterations=500)

    def loss(field):
        chances = naive(field, rows, lengths)[1]
        said, start = 0.0, 0
        for count, length, chance in zip(counts, lengths, chances, strict=True):
            said += count * chance[tuple(labels[start : start + length])]
            start += length
        squares = sum((part**2).sum() for part in (field.features, field.begin, field.follow))
        return 0.35 * squares - said

    best = loss(found)
    for _ in range(30):
        moved = [part + draw.normal(0, 0.01, part.shape) for part in (found.features, found.begin, found.follow)]
        assert loss(Field(features=moved[0], begin=moved[1], follow=moved[2])) > best


def test_what_follows_what_is_learnt():
    labels = np.array([0, 1, 0, 1, 0, 1] * 30)
    rows = sparse.csr_array(np.ones((180, 1)))
    field = fit_field(rows, labels, [6] * 30, k=2)
    shares = field.shares(sparse.csr_array(np.ones((6, 1))), [6])

    assert shares.argmax(axis=1).tolist() == [0, 1, 0, 1, 0, 1]
    assert shares.max(axis=1).min() > 0.9
