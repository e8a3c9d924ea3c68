import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.metrics.tags import (
    Scheme,
    Span,
    as_iob2,
    broken,
    iob2_labels,
    legal_transitions,
    most_likely,
    parted,
    recognise,
    spans,
)

TYPES = ("x", "y")
anything = st.lists(st.sampled_from([f"{prefix}-{kind}" for prefix in "BIESLU" for kind in TYPES] + ["O", "x"]))


@st.composite
def spanned(draw):
    """Spans that do not overlap, and the number of tokens."""
    found, place = [], 0
    for gap, length, kind in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(TYPES)), max_size=6)
    ):
        found.append(Span(place + gap, place + gap + length, kind))
        place += gap + length
    return tuple(found), place + draw(st.integers(0, 2))


def written(found, tokens, scheme):
    """The naive writer of a scheme."""
    tags = ["O"] * tokens
    for number, (start, end, kind) in enumerate(found):
        follows = number and found[number - 1].end == start and found[number - 1].type == kind
        for place in range(start, end):
            first, last = place == start, place == end - 1
            prefix = {
                Scheme.IOB1: "B" if first and follows else "I",
                Scheme.IOB2: "B" if first else "I",
                Scheme.BIOES: "S" if first and last else "B" if first else "E" if last else "I",
            }[scheme]
            tags[place] = f"{prefix}-{kind}"
    return tags


@given(spanned(), st.sampled_from(Scheme))
def test_what_a_scheme_writes_is_read_and_breaks_nothing(given_spans, scheme):
    found, tokens = given_spans
    tags = written(found, tokens, scheme)

    assert spans(tags) == found
    assert broken(tags, scheme) == ()
    assert list(as_iob2(tags)) == written(found, tokens, Scheme.IOB2)


@given(st.lists(spanned(), min_size=1), st.sampled_from(Scheme))
def test_a_scheme_is_recognised_wherever_it_differs(given_spans, scheme):
    sentences = [written(found, tokens, scheme) for found, tokens in given_spans]
    plain = [written(found, tokens, Scheme.IOB2) for found, tokens in given_spans]
    other = [written(found, tokens, Scheme.BIOES) for found, tokens in given_spans]
    differs = any(any(tag[0] in "ES" for tag in tags) for tags in other)

    expected = Scheme.IOB2 if sentences == plain or (scheme is Scheme.BIOES and not differs) else scheme
    assert recognise(sentences) is expected


@given(anything)
def test_whatever_it_is_it_becomes_legal_with_the_same_spans(tags):
    converted = as_iob2(tags)

    assert spans(converted) == spans(tags)
    assert broken(converted, Scheme.IOB2) == ()
    assert sum(tag != "O" for tag in converted) == sum(tag not in {"O", "x"} for tag in tags)


def test_bilou_is_bioes_in_other_letters():
    assert spans(["B-x", "I-x", "L-x", "U-y"]) == (Span(0, 3, "x"), Span(3, 4, "y"))
    assert recognise([["U-x"]]) is Scheme.BIOES


@pytest.mark.parametrize(
    ("tags", "scheme", "places"),
    [
        (["I-x", "I-x"], Scheme.IOB2, (0,)),
        (["B-x", "I-y", "I-y"], Scheme.IOB2, (1,)),
        (["O", "B-x"], Scheme.IOB1, (1,)),
        (["I-x", "B-x"], Scheme.IOB1, ()),
        (["B-x"], Scheme.BIOES, (0,)),
        (["B-x", "O"], Scheme.BIOES, (0,)),
        (["B-x", "E-y"], Scheme.BIOES, (0,)),
        (["O", "E-x", "S-x"], Scheme.BIOES, (1,)),
        (["E-x"], Scheme.IOB2, (0,)),
        (["what", "O"], Scheme.IOB2, (0,)),
        ([], Scheme.BIOES, ()),
    ],
)
def test_what_breaks_a_scheme_is_placed(tags, scheme, places):
    assert broken(tags, scheme) == places


def test_no_tags():
    assert [parted(tag) for tag in ("", "B", "B-", "-x", "X-x", "o")] == [None] * 6


def test_labels_of_types():
    labels = iob2_labels(["y", "x", "y"])
    begin, follow = legal_transitions(labels)

    assert labels == ("O", "B-x", "I-x", "B-y", "I-y")
    assert begin.tolist() == [True, True, False, True, False]
    for before, left in enumerate(labels):
        for after, right in enumerate(labels):
            assert follow[before, after] == (broken([left, right], Scheme.IOB2) in {(), (0,)})


@given(st.integers(0, 2**32 - 1))
def test_the_most_likely_path_is_the_best_of_all_legal_ones(seed):
    draw = np.random.default_rng(seed)
    labels = iob2_labels(["x", "y"])
    begin, follow = legal_transitions(labels)
    shares = [draw.dirichlet(np.full(5, 0.3), size) for size in draw.integers(0, 5, 4)]

    def best(share):
        paths = [((), 0.0)]
        for row in np.log(np.maximum(share, 1e-300)):
            paths = [
                ((*path, label), score + row[label])
                for path, score in paths
                for label in range(5)
                if (follow[path[-1], label] if path else begin[label])
            ]
        return max(score for _, score in paths)

    for share, path in zip(shares, most_likely(shares, begin, follow, at_once=2), strict=True):
        assert broken([labels[label] for label in path], Scheme.IOB2) == ()
        score = sum(np.log(np.maximum(row[label], 1e-300)) for row, label in zip(share, path, strict=True))
        assert score == pytest.approx(best(share))
