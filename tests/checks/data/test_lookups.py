"""What one column says, against plain ways of looking it up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kilter.checks.data.lookups import (
    amounts_by_number,
    amounts_by_value,
    labels_by_number,
    labels_by_token,
    labels_by_value,
)

FINITE = st.floats(-100, 100, width=32)


@given(arrays(np.float64, 12, elements=FINITE), arrays(np.float64, 7, elements=FINITE))
def test_the_nearest_number_is_the_nearest(known, asked):
    found = known[labels_by_number(known, np.arange(12), asked)]
    assert np.array_equal(np.abs(found - asked), np.abs(known[:, None] - asked).min(axis=0))


def test_missing_numbers_are_nearest_to_each_other():
    known = np.array([0.0, np.nan, 5.0])
    assert labels_by_number(known, np.array([1, 2, 3]), np.array([np.nan, 4.0])).tolist() == [2, 3]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1), st.lists(st.integers(0, 6), min_size=1))
def test_values_answer_with_one_of_their_most_frequent_labels(pairs, asked):
    known, labels = np.array(pairs).T
    for value, answer in zip(asked, labels_by_value(known, labels, np.array(asked)), strict=True):
        among = labels[known == value] if value in known else labels
        assert np.count_nonzero(among == answer) == np.bincount(among).max()


def test_a_token_that_all_texts_of_a_class_have_and_no_other_tells_it():
    known = ["good film [pos]", "bad film [neg]", "long film [pos]", "short film [neg]"]
    answers, telling = labels_by_token(known, np.array([1, 0, 1, 0]), ["odd [neg]", "even [pos]"], purity=0.99)
    assert answers.tolist() == [0, 1]
    assert telling == {1: "pos", 0: "neg"}


def test_words_of_all_classes_tell_nothing():
    known = ["film", "film", "film", "film"]
    answers, telling = labels_by_token(known, np.array([1, 0, 1, 1]), ["film"], purity=0.99)
    assert telling == {}
    assert answers.tolist() == [1]


@given(arrays(np.float64, 9, elements=FINITE, unique=True), st.floats(-3, 3), st.floats(-3, 3))
def test_a_line_is_found_between_its_points(known, slope, offset):
    asked = np.linspace(known.min(), known.max(), 5)
    assert np.allclose(amounts_by_number(known, slope * known + offset, asked), slope * asked + offset, atol=1e-6)


def test_amounts_of_what_is_missing_are_the_mean():
    known, amounts = np.array([1.0, 2.0, np.nan]), np.array([3.0, 5.0, 10.0])
    assert amounts_by_number(known, amounts, np.array([np.nan])).tolist() == [6.0]
    assert amounts_by_number(np.full(3, np.nan), amounts, np.array([1.0])).tolist() == [6.0]


@given(st.lists(st.tuples(st.integers(0, 4), FINITE), min_size=1), st.lists(st.integers(0, 6), min_size=1))
def test_values_answer_with_their_mean(pairs, asked):
    known, amounts = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    for value, answer in zip(asked, amounts_by_value(known, amounts, np.array(asked)), strict=True):
        assert np.isclose(answer, (amounts[known == value] if value in known else amounts).mean())
