import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.v1 import precision_recall_fscore_support as seqeval
from seqeval.scheme import IOB2
from sklearn.metrics import f1_score, precision_score, recall_score

from kilter.metrics.spans import count_spans, malformed_share, span_scores, type_scores
from kilter.metrics.tags import Scheme, broken, iob2_labels, spans

LABELS = iob2_labels(["date", "name", "place"])
sentence = st.integers(0, 8).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, len(LABELS) - 1), min_size=size, max_size=size)] * 2)
)
sentences = st.lists(sentence, min_size=1, max_size=12)


def arrays(rows):
    return [[np.array(row[side], np.int64) for row in rows] for side in (0, 1)]


def naive(rows, *, lenient):
    """Sets of spans, sentence by sentence, and sums over them."""
    found = [[set(read(tags, lenient=lenient)) for tags in row] for row in rows]
    support, predicted = (sum(len(pair[side]) for pair in found) for side in (0, 1))
    return found, (sum(len(left & right) for left, right in found), support, predicted)


def read(tags, *, lenient):
    """The spans of a sentence: all that are said, or those that begin with `B`."""
    return [span for span in spans([LABELS[tag] for tag in tags]) if lenient or LABELS[tags[span.start]][0] == "B"]


def said(tags):
    return [LABELS[tag] for tag in tags]


@pytest.mark.parametrize("lenient", [False, True])
@given(rows=sentences)
def test_counts_match_the_naive_ones(lenient, rows):
    counts = count_spans(*arrays(rows), LABELS, lenient=lenient)
    found, sums = naive(rows, lenient=lenient)

    assert (counts.hits.sum(), counts.support.sum(), counts.predicted.sum()) == sums
    for number, (target, decided) in enumerate(rows):
        for place, kind in enumerate(counts.types):
            of_type = [{span for span in each if span.type == kind} for each in found[number]]
            assert counts.hits[number, place] == len(of_type[0] & of_type[1])
            assert counts.support[number, place] == len(of_type[0])
            assert counts.predicted[number, place] == len(of_type[1])
        assert counts.right[number] == sum(a == b for a, b in zip(target, decided, strict=True))
        assert counts.tokens[number] == len(target)
        assert counts.malformed[number] == len(broken(said(decided), Scheme.IOB2))


@given(sentences)
def test_scores_match_the_naive_ones(rows):
    counts = count_spans(*arrays(rows), LABELS)
    scores = span_scores(counts, resamples=20)
    hits, support, predicted = naive(rows, lenient=False)[1]

    expected = {
        "span_f1": (2 * hits, support + predicted),
        "span_precision": (hits, predicted),
        "span_recall": (hits, support),
        "token_accuracy": (counts.right.sum(), counts.tokens.sum()),
        "malformed": (sum(bool(broken(said(decided), Scheme.IOB2)) for _, decided in rows), len(rows)),
    }
    for name, (part, whole) in expected.items():
        assert scores[name].value == (pytest.approx(part / whole, abs=1e-12) if whole else None)
        assert (scores[name].undefined is None) == bool(whole)
    ours = [each["f1"].value for each in type_scores(counts, resamples=20)]
    having = [value for value in ours if value is not None]
    assert scores["macro_f1"].value == (pytest.approx(np.mean(having)) if having else None)
    assert malformed_share([np.array(row[1], np.int64) for row in rows], LABELS) == scores["malformed"]


@given(sentences)
def test_spans_are_those_of_seqeval_in_its_strict_mode(rows):
    target, decided = ([said(row[side]) for row in rows] for side in (0, 1))
    counts = count_spans(*arrays(rows), LABELS)
    if not counts.support.any() and not counts.predicted.any():
        return  # seqeval has no answer
    for average, scores in (
        ("micro", [span_scores(counts, resamples=2)[f"span_{rate}"] for rate in ("precision", "recall", "f1")]),
        (None, [[each[rate] for each in type_scores(counts, resamples=2)] for rate in ("precision", "recall", "f1")]),
    ):
        expected = seqeval(target, decided, average=average, scheme=IOB2, zero_division=0)[:3]
        for ours, theirs in zip(scores, expected, strict=True):
            if average:
                assert ours.value is None or ours.value == pytest.approx(theirs, abs=1e-9)
            else:
                occurring = (counts.support + counts.predicted).sum(axis=0) > 0
                kinds = sorted(kind for kind, there in zip(counts.types, occurring, strict=True) if there)
                values = dict(zip(counts.types, ours, strict=True))
                for kind, value in zip(kinds, theirs, strict=True):
                    assert values[kind].value is None or values[kind].value == pytest.approx(value, abs=1e-9)


@given(sentences)
def test_token_scores_are_scikit_learns(rows):
    target, decided = ([tag for row in rows for tag in row[side]] for side in (0, 1))
    scores = span_scores(count_spans(*arrays(rows), LABELS), resamples=2)
    inside = list(range(1, len(LABELS)))
    for name, function in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        value = scores[f"token_{name}"].value
        if value is not None:
            theirs = function(target, decided, labels=inside, average="micro", zero_division=0)
            assert value == pytest.approx(theirs, abs=1e-9)


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
    decided = {(1, 2, 0): 1, (1, 0, 0): 0, (1, 2, 2): 0, (3, 4, 0): 0, (2, 2, 0): 0, (1, 1, 0): 0}

    for tags, hits in decided.items():
        assert count_spans(target, [np.array(tags)], LABELS).hits.sum() == hits, tags
    assert count_spans(target, [np.array([2, 2, 0])], LABELS, lenient=True).hits.sum() == 1


def test_a_span_ends_with_its_sentence():
    sentences = [np.array([0, 1]), np.array([2, 0])]
    counts = count_spans(sentences, sentences, LABELS)

    assert counts.hits.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert count_spans(sentences, sentences, LABELS, lenient=True).hits.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert counts.malformed.tolist() == [0, 1]


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
    with pytest.raises(ValueError, match="of type float64: whole numbers are legal"):
        count_spans([np.array([0.5])], [np.array([0])], LABELS)
    with pytest.raises(ValueError, match="IOB2 tags"):
        count_spans([np.array([0])], [np.array([0])], ("O", "E-x"))
