from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from kilter.metrics.text import chrf, text_scores, token_f1

texts = st.text("ab c", max_size=12)


def naive_chrf(target, said):
    """Popović 2015 by hand: grams counted one by one with lists."""
    target, said = target.replace(" ", ""), said.replace(" ", "")
    if not target or not said:
        return float(target == said)
    precisions, recalls = [], []
    for size in range(1, 7):
        true = [target[i : i + size] for i in range(len(target)) if i + size <= len(target)]
        text = [said[i : i + size] for i in range(len(said)) if i + size <= len(said)]
        if not true or not text:
            continue
        left, common = list(true), 0
        for gram in text:
            if gram in left:
                left.remove(gram)
                common += 1
        precisions.append(common / len(text))
        recalls.append(common / len(true))
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 0.0 if precision + recall == 0 else 5 * precision * recall / (4 * precision + recall)


def naive_f1(target, said):
    common = sum(min(count, Counter(said)[token]) for token, count in Counter(target).items())
    if not target or not said:
        return float(target == said)
    precision, recall = common / len(said), common / len(target)
    return 0.0 if common == 0 else 2 * precision * recall / (precision + recall)


@given(texts, texts)
def test_chrf_agrees_with_its_twin(target, said):
    assert chrf(target, said) == pytest.approx(naive_chrf(target, said))
    assert 0 <= chrf(target, said) <= 1


@given(texts.filter(str.strip), texts.filter(str.strip))
def test_chrf_is_sacrebleus(target, said):
    assert chrf(target, said) == pytest.approx(CHRF().sentence_score(said, [target]).score / 100, abs=1e-9)


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_token_f1_agrees_with_its_twin(target, said):
    assert token_f1(target, said) == pytest.approx(naive_f1(target, said))


@given(texts)
def test_a_text_agrees_with_itself(text):
    assert chrf(text, text) == 1
    assert token_f1(text.split(), text.split()) == 1


def test_recall_counts_more_than_precision():
    assert chrf("abcdef", "abc") < chrf("abc", "abcdef")


def test_scores_are_means_with_intervals():
    scores = text_scores(["to be", "or not", "to be"], ["to be", "or", "or not"])
    assert scores["exact_match"].value == pytest.approx(1 / 3)
    assert scores["token_f1"].value == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert all(score.low <= score.value <= score.high for score in scores.values())


def test_without_a_joiner_characters_are_tokens():
    assert text_scores(["ab"], ["ba"], joiner="")["token_f1"].value == 1
    assert text_scores(["ab"], ["ba"], joiner=" ")["token_f1"].value == 0


def test_unequally_many_texts_are_refused():
    with pytest.raises(ValueError, match="1 true texts and 0 that were said"):
        text_scores(["a"], [])
