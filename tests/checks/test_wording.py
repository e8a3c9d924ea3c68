"""Counts, shares and lists in sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.checks.wording import agreeing, counted, listed, percent, shown


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "row", "0 rows"), (1, "class", "1 class"), (2, "batch", "2 batches"), (2, "entry", "2 entries")],
)
def test_nouns_agree_with_their_number(count, noun, said):
    assert counted(count, noun) == said


@given(st.floats(0, 1))
def test_only_all_is_100_percent_and_only_nothing_is_0(share):
    assert (percent(share) == "100 %") == (share == 1)
    assert (percent(share) == "0 %") == (share == 0)


@given(st.floats(0.0001, 0.9999))
def test_a_percentage_is_close_to_its_share(share):
    assert abs(float(percent(share).removesuffix(" %")) / 100 - share) < 0.006


def test_lists_name_a_few_and_count_the_rest():
    assert listed([]) == ""
    assert listed(["a"]) == "'a'"
    assert listed(["a", "b", "c"]) == "'a', 'b' and 'c'"
    assert listed("abcdef", most=2) == "'a', 'b' and 4 more"


def test_verbs_agree_and_ids_are_few():
    assert agreeing(1, "is", "are") == "is"
    assert shown([str(number) for number in range(50)]) == tuple(str(number) for number in range(20))
