from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kilter.models.overlap import Overlap, likeness

LISTS = st.lists(st.sampled_from("abc"), max_size=6)


@given(LISTS, LISTS)
def test_likeness_as_counted_one_by_one(left, right):
    jaccard, of_left, of_right, same, ratio, longer = likeness(left, right)
    rest, both = list(right), 0
    for token in left:
        if token in rest:
            rest.remove(token)
            both += 1
    union = set(left) | set(right)
    assert jaccard == (len(set(left) & set(right)) / len(union) if union else 1.0)
    assert of_left == (both / len(left) if left else 1.0)
    assert of_right == (both / len(right) if right else 1.0)
    assert same == (Counter(left) == Counter(right))
    assert ratio == (min(len(left), len(right)) / max(len(left), len(right)) if left or right else 1.0)
    assert np.sign(longer) == np.sign(len(left) - len(right))


def test_what_both_have_and_what_one_alone_has_are_different_features():
    left, right = ["a man runs", "a man runs", "no man"], ["a man sits", "a man runs", "a man"]
    overlap = Overlap().fit(left, right)
    rows = overlap.transform(["man", "man", "a"], ["man", "a", "man"]).toarray()
    words = (rows.shape[1] - 12) // 3
    shared, first, second = (rows[:, start : start + words] for start in (0, words, 2 * words))
    assert shared[0].any()
    assert not first[0].any()
    assert not second[0].any()
    assert not shared[1:].any()
    np.testing.assert_array_equal(first[1], second[2])
    np.testing.assert_array_equal(first[2], second[1])


def test_texts_without_a_word_in_common_and_empty_ones():
    overlap = Overlap().fit(["x"], ["y"])
    assert overlap.transform(["", "x"], ["", ""]).shape == (2, 12)
