import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.metrics.spans import count_spans, span_scores, type_scores
from kilter.metrics.tags import Scheme, broken, iob2_labels, spans

LABELS = iob2_labels(["date", "name", "place"])
sentence = st.integers(0, 8).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, len(LABELS) - 1), min_size=size, max_size=size)] * 2)
)
sentences = st.lists(sentence, min_size=1, max_size=12)


def arrays(rows):
    return [[np.array(row[side], np.int64) for row in rows] for side in (0, 1)]


def naive(rows):
    """Sets of spans, sentence by sentence."""
    found = [[set(spans([LABELS[tag] for tag in tags])) for tags in row] for row in rows]
    support, predicted = (sum(len(pair[side]) for pair in found) for side in (0, 1))
    return sum(len(left & right) for left, right in found), support, predicted


@given(sentences)
def test_counts_match_the_naive_ones(rows):
    counts = count_spans(*arrays(rows), LABELS)

    assert (counts.hits.sum(), counts.support.sum(), counts.predicted.sum()) == naive(rows)
    for number, (target, decided) in enumerate(rows):
        sets = [set(spans([LABELS[tag] for tag in tags])) for tags in (target, decided)]
        for place, kind in enumerate(counts.types):
            of_type = [{span for span in each if span.type == kind} for each in sets]
            assert counts.hits[number, place] == len(of_type[0] & of_type[1])
            assert counts.support[number, place] == len(of_type[0])
            assert counts.predicted[number, place] == len(of_type[1])
        assert counts.right[number] == sum(a == b for a, b in zip(target, decided, strict=True))
        assert counts.tokens[number] == len(target)
        assert counts.malformed[number] == bool(broken([LABELS[tag] for tag in decided], Scheme.IOB2))


@given(sentences)
def test_scores_match_the_naive_ones(rows):
    counts = count_spans(*arrays(rows), LABELS)
    scores = span_scores(counts, resamples=20)
    hits, support, predicted = naive(rows)

    expected = {
        "span_f1": (2 * hits, support + predicted),
        "span_precision": (hits, predicted),
        "span_recall": (hits, support),
        "token_accuracy": (counts.right.sum(), counts.tokens.sum()),
    }
    for name, (part, whole) in expected.items():
        assert scores[name].value == (pytest.approx(part / whole) if whole else None)
        assert (scores[name].undefined is None) == bool(whole)
    ours = [each["f1"].value for each in type_scores(counts, resamples=20)]
    having = [value for value in ours if value is not None]
    assert scores["macro_f1"].value == (pytest.approx(np.mean(having)) if having else None)


def drawn(sentences, seed, share=0.8):
    """Sentences with two names in most of them, each found with the same chance."""
    draw = np.random.default_rng(seed)
    target = [np.array([0, 1, 2, 0, 3, 0] if draw.random() < 0.7 else [0, 0, 0, 3, 4, 0]) for _ in range(sentences)]
    decided = [tags if draw.random() < share else np.where(draw.random(6) < 0.7, tags, 0) for tags in target]
    return count_spans(target, decided, LABELS)


def test_intervals_are_those_of_the_naive_bootstrap_of_sentences():
    counts = drawn(400, 0)
    draw = np.random.default_rng(1)
    resampled = []
    for _ in range(4_000):
        rows = draw.integers(0, 400, 400)
        hits, support, predicted = (part[rows].sum() for part in (counts.hits, counts.support, counts.predicted))
        resampled.append(2 * hits / (support + predicted))
    low, high = np.quantile(resampled, [0.025, 0.975])
    f1 = span_scores(counts)["span_f1"]

    assert f1.low == pytest.approx(low, abs=0.15 * (high - low))
    assert f1.high == pytest.approx(high, abs=0.15 * (high - low))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    truth = span_scores(drawn(50_000, 7), resamples=50)["span_f1"].value
    held = 0
    for seed in range(120):
        f1 = span_scores(drawn(120, seed + 100), resamples=400)["span_f1"]
        held += f1.low <= truth <= f1.high
    assert 107 <= held <= 119


def test_a_found_span_needs_its_exact_boundaries_and_its_type():
    target = [np.array([1, 2, 0])]
    decided = {(1, 2, 0): 1, (1, 0, 0): 0, (1, 2, 2): 0, (3, 4, 0): 0, (2, 2, 0): 1, (1, 1, 0): 0}

    for tags, hits in decided.items():
        assert count_spans(target, [np.array(tags)], LABELS).hits.sum() == hits, tags


def test_a_span_ends_with_its_sentence():
    counts = count_spans([np.array([0, 1]), np.array([2, 0])], [np.array([0, 1]), np.array([2, 0])], LABELS)

    assert counts.hits.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert counts.malformed.tolist() == [False, True]


def test_what_is_not_determined_is_undefined_and_says_why():
    nothing = span_scores(count_spans([np.array([0])], [np.array([0])], LABELS))
    silent = span_scores(count_spans([np.array([1])] * 3, [np.array([0])] * 3, LABELS))
    empty = span_scores(count_spans([], [], LABELS))

    assert "no spans" in nothing["span_f1"].undefined
    assert nothing["macro_f1"].value is None
    assert (silent["span_f1"].value, silent["span_recall"].value) == (0, 0)
    assert silent["span_precision"].undefined == "no span was said"
    assert silent["macro_precision"].undefined == "1 of 1 types were never said"
    assert empty["span_f1"].undefined == empty["malformed"].undefined == "no examples"


def test_what_is_perfect_is_still_uncertain():
    f1 = span_scores(count_spans([np.array([1])] * 10, [np.array([1])] * 10, LABELS))["span_f1"]

    assert (f1.value, f1.high) == (1, 1)
    assert f1.low < 0.85


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="2 tags"):
        count_spans([np.array([0, 0])], [np.array([0])], LABELS)
    with pytest.raises(ValueError, match="0 to 6 are legal"):
        count_spans([np.array([0])], [np.array([7])], LABELS)
    with pytest.raises(ValueError, match="IOB2 tags"):
        count_spans([np.array([0])], [np.array([0])], ("O", "E-x"))
