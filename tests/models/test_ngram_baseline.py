import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from kilter.models.baselines import make_baseline
from kilter.models.lesson import Lesson
from kilter.models.ngram_baseline import LONGEST, NGram, _joined, _nats
from kilter.values.errors import UsageError
from kilter.values.table import Field, Kind, Schema, Table

K = 9
BEGIN = 2


def schema(*, stream):
    return Schema(inputs=(Field(name="t", kind=Kind.TEXT),), target="t", target_kind=Kind.TEXT, stream=stream)


def rows(count=40, length=8, seed=0):
    """Rows of a chain in which each token depends on the two before it."""
    draw = np.random.default_rng(seed)
    table = np.random.default_rng(99).dirichlet([0.3] * 4, size=(K, K))
    texts = np.empty(count, dtype=object)
    for row in range(count):
        text = [BEGIN, BEGIN]
        for _ in range(length):
            text.append(5 + int(draw.choice(4, p=table[text[-2], text[-1]])))
        texts[row] = np.array(text[2:])
    return texts


def table(texts):
    return Table(columns={"t": texts}, ids=tuple(map(str, range(len(texts)))))


def fitted(texts, *, stream, valid=None):
    baseline = NGram(schema(stream=stream), K)
    baseline.fit(Lesson(table(texts), texts, None if valid is None else table(valid), valid))
    return baseline


def naive(training, text, back):
    """Chen and Goodman 1998, equation 25 and section 3, with dictionaries; probabilities of the tokens of one text."""
    grams = [defaultdict(Counter) for _ in range(LONGEST + 1)]
    for row in training:
        padded = [BEGIN] * LONGEST + list(map(int, row))
        for place in range(LONGEST, len(padded)):
            for length in range(LONGEST + 1):
                grams[length][tuple(padded[place - length : place])][padded[place]] += 1
    kinds = [defaultdict(Counter) for _ in range(LONGEST)]
    for length in range(1, LONGEST + 1):
        for context, after in grams[length].items():
            for token in after:
                kinds[length - 1][context[1:]][token] += 1

    def probability(length, context, token, counts_of):
        counts = counts_of[length]
        shorter = 1 / K if length == 0 else probability(length - 1, context[1:], token, kinds)
        if context not in counts:
            return shorter
        of = Counter(count for after in counts.values() for count in after.values())
        ones, twos, threes, fours = (max(of[number], 1) for number in (1, 2, 3, 4))
        spare = ones / (ones + 2 * twos)
        discounts = [1 - 2 * spare * twos / ones, 2 - 3 * spare * threes / twos, 3 - 4 * spare * fours / threes]
        discounts = [min(max(d, 0.05), number - 0.05) for number, d in enumerate(discounts, start=1)]
        taken = {word: discounts[min(count, 3) - 1] for word, count in counts[context].items()}
        total = sum(counts[context].values())
        own = (counts[context][token] - taken[token]) / total if token in taken else 0
        return own + sum(taken.values()) / total * shorter

    padded = [BEGIN] * LONGEST + list(map(int, text))
    return [
        probability(back, tuple(padded[place - back : place]), padded[place], grams)
        for place in range(LONGEST, len(padded))
    ]


@pytest.mark.parametrize("back", [0, 1, 2, 4])
def test_nats_agree_with_a_twin_of_dictionaries(back):
    training, held = rows(12), rows(3, seed=5)
    baseline = fitted(training, stream=False)
    nats = _nats(baseline.levels[: back + 1], *_joined(held, stream=False), K)[-1]
    expected = [p for text in held for p in naive(training, text, back)]
    np.testing.assert_allclose(np.exp(-nats), expected, rtol=1e-9)


@pytest.mark.parametrize("stream", [False, True])
def test_probabilities_of_all_that_may_follow_sum_to_one(stream):
    baseline = fitted(rows(), stream=stream)
    for prompt in ([], [5], [6, 7, 8], [3, 3, 3, 3]):
        texts = np.empty(K, dtype=object)
        for token in range(K):
            texts[token] = np.array([*prompt, token])
        told = [baseline.answer(table(texts[token : token + 1]))[0][-1] for token in range(K)]
        assert np.exp(-np.array(told)).sum() == pytest.approx(1)


def test_rows_of_a_stream_go_on_from_each_other_and_others_do_not():
    texts = rows(30, length=12)
    whole = np.empty(1, dtype=object)
    whole[0] = np.concatenate(list(texts))
    streaming = fitted(texts, stream=True)
    np.testing.assert_allclose(np.concatenate(streaming.answer(table(texts))), streaming.answer(table(whole))[0])
    apart = fitted(texts, stream=False)
    turned = apart.answer(table(texts[::-1]))[::-1]
    for told, again in zip(apart.answer(table(texts)), turned, strict=True):
        np.testing.assert_allclose(told, again)


def test_answers_have_the_length_of_their_rows():
    texts = rows(6)
    texts[2] = np.zeros(0, dtype=np.int64)
    assert [len(told) for told in fitted(rows(), stream=True).answer(table(texts))] == [8, 8, 0, 8, 8, 8]
    assert fitted(rows(), stream=True).answer(table(texts[:0])) == []


def test_validation_texts_choose_how_far_it_looks_back():
    training, held = rows(300, seed=1), rows(60, seed=2)
    baseline = fitted(training, stream=False, valid=held)
    nats = [
        _nats(baseline.levels[: back + 1], *_joined(held, stream=False), K)[-1].mean() for back in range(LONGEST + 1)
    ]
    assert baseline.back == int(np.argmin(nats))
    assert baseline.back >= 2
    assert np.concatenate(baseline.answer(table(held))).mean() == pytest.approx(min(nats))


def test_it_comes_near_the_entropy_of_the_chain_it_has_seen():
    training, held = rows(2_000, seed=3), rows(200, seed=4)
    chain = np.random.default_rng(99).dirichlet([0.3] * 4, size=(K, K))
    truth = [
        -math.log(chain[before, last][token - 5])
        for text in held
        for before, last, token in zip([BEGIN, BEGIN, *text], [BEGIN, *text], text, strict=False)
    ]
    told = np.concatenate(fitted(training, stream=False, valid=rows(50, seed=6)).answer(table(held)))
    assert told.mean() == pytest.approx(np.mean(truth), rel=0.03)


def test_a_large_vocabulary_and_an_unseen_token_cost_finite_nats():
    baseline = NGram(schema(stream=True), 50_000)
    baseline.fit(Lesson(table(rows()), rows()))
    texts = np.empty(1, dtype=object)
    texts[0] = np.array([49_999, 5, 6, 49_998])
    assert np.isfinite(baseline.answer(table(texts))[0]).all()


def test_it_is_made_by_name_and_must_be_fitted():
    baseline = make_baseline("ngram", schema(stream=True), (), seed=0, outputs=K)
    with pytest.raises(UsageError, match="not fitted"):
        baseline.answer(table(rows(1)))


def test_without_looking_back_only_frequencies_count():
    texts = rows()
    baseline = make_baseline("unigram", schema(stream=False), (), seed=0, outputs=K)
    baseline.fit(Lesson(table(texts), texts))
    nats = np.concatenate(baseline.answer(table(texts)))
    tokens = np.concatenate(list(texts))

    assert {len(set(nats[tokens == token].round(12))) for token in set(tokens.tolist())} == {1}
    assert nats.mean() > np.concatenate(fitted(texts, stream=False).answer(table(texts))).mean()
    shares = np.bincount(tokens)[np.unique(tokens)] / len(tokens)
    assert nats.mean() == pytest.approx(-(shares * np.log(shares)).sum(), abs=0.02)
