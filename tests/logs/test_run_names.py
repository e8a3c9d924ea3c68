from hypothesis import given
from hypothesis import strategies as st

from kilter.logs.run_names import distinct_names


def test_a_name_that_one_run_bears_is_left_as_it_is():
    assert distinct_names([("a", "1"), ("b", "2")]) == ("a", "b")


def test_of_runs_that_bear_one_name_each_is_told_by_its_id():
    assert distinct_names([("a", "1"), ("a", "2"), ("", "3"), ("", "4")]) == ("a (1)", "a (2)", "3", "4")


@given(st.lists(st.sampled_from(["", "x", "y"]), max_size=8))
def test_no_two_names_are_alike(names):
    told = distinct_names([(name, str(number)) for number, name in enumerate(names)])

    assert len(set(told)) == len(names)
