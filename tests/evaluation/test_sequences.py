"""Distances between sequences, beside naive ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.evaluation.sequences import edits, exchanged, shared

TOKENS = st.lists(st.sampled_from("abc"), max_size=12)


def naive_edits(left, right):
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        before, row = row, [i]
        for j, other in enumerate(right, 1):
            row.append(min(row[-1] + 1, before[j] + 1, before[j - 1] + (one != other)))
    return row[-1]


@given(TOKENS, TOKENS)
def test_edits_are_those_of_the_whole_table(left, right):
    assert edits(left, right) == naive_edits(left, right)


@given(TOKENS, TOKENS)
def test_exchanged_tokens_are_those_that_sorting_leaves(left, right):
    rest = list(right)
    for token in left:
        if token in rest:
            rest.remove(token)
    assert exchanged(left, right) == max(len(left) - (len(right) - len(rest)), len(rest))


@given(TOKENS)
def test_order_does_not_count_where_tokens_are_exchanged(tokens):
    assert exchanged(tokens, tokens[::-1]) == 0


@pytest.mark.parametrize(("left", "right", "share"), [("", "", 1.0), ("aab", "ab", 1.0), ("ab", "cd", 0.0)])
def test_shared_tokens(left, right, share):
    assert shared(left, right) == share
