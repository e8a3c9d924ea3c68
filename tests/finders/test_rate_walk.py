"""The walk on curves that are known: it ends with the lowest enclosed, and does not go where it need not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.finders.rate_curve import DIVERGED
from kilter.finders.rate_walk import RISE, next_place


def walked(curve, *, most=60, **options):
    heights = {}
    while (place := next_place(heights, **options)) is not None and len(heights) < most:
        assert place not in heights
        heights[place] = curve(place)
    return heights


def parabola(at):
    """Far below nothing is learnt, far above it diverges."""
    return lambda place: min(0.3 * (place - at) ** 2 - 2, 0.0 if place < at else DIVERGED)


def test_it_begins_at_its_start_and_goes_up_first():
    assert next_place({}) == 0
    assert next_place({0: -1.0}) == 1


def test_as_long_as_nothing_is_learnt_both_sides_are_tried_in_turn():
    assert next_place({0: 0.1}) == -1
    assert next_place({-1: 0.1, 0: 0.1}) == 1
    assert next_place({-1: 0.1, 0: 0.1, 1: 0.2}) == -2
    assert next_place({-2: -0.1, -1: 0.1, 0: 0.1, 1: 0.2}) == -3


def test_from_a_start_that_diverged_it_goes_down():
    assert next_place({0: DIVERGED}) == -1
    assert next_place({-1: DIVERGED, 0: DIVERGED}) == -2
    assert next_place({-2: -0.1, -1: DIVERGED, 0: DIVERGED}) == -3


@given(st.floats(-12, 12))
def test_the_lowest_is_enclosed_wherever_it_is(at):
    heights = walked(parabola(at))
    lowest = min(heights, key=heights.get)
    assert abs(lowest - at) <= 0.5 + 1e-9
    assert min(heights[min(heights)], heights[max(heights)]) > heights[lowest] + RISE
    assert sorted(heights) == list(range(min(heights), max(heights) + 1))


def test_four_are_enough_where_the_lowest_is_near():
    assert len(walked(parabola(0.5))) == 4


def test_it_does_not_go_on_beyond_divergence():
    heights = walked(lambda place: DIVERGED if place >= 2 else -1.0 - 0.5 * place)
    assert max(heights) == 2
    assert min(heights) == 0


def test_a_flat_curve_is_followed_to_both_sides():
    heights = walked(lambda place: DIVERGED if place > 3 else 0.0, most=12)
    assert max(heights) == 4
    assert len(heights) == 12


@pytest.mark.parametrize(("rise", "last"), [(0.01, None), (0.5, -1)])
def test_ends_count_as_higher_only_by_so_much(rise, last):
    assert next_place({0: -0.9, 1: -1.0, 2: math.log(1.3)}, rise=rise) == last
