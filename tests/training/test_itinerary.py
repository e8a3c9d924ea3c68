import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.training.itinerary import ENDLESS, Itinerary
from kilter.values.duration import Duration
from kilter.values.errors import RecipeError, UsageError
from kilter.values.recipe import Recipe

from .conftest import source


def itinerary(rows=10, size=3, **sections):
    return Itinerary(source(rows, size=size), Recipe.read(sections))


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4), st.integers(1, 3))
def test_every_row_is_met_once_an_epoch(rows, size, accumulate, epochs):
    way = itinerary(rows, size, batch={"accumulate": accumulate}, train={"length": f"{epochs}ep"})
    legs = list(way.legs())
    assert [leg.step for leg in legs] == list(range(way.total))
    for epoch in range(epochs):
        met = [row for leg in legs if leg.epoch == epoch for batch in leg.window for row in batch]
        assert sorted(met) == list(range(rows))
    assert all(len(leg.window) <= accumulate for leg in legs)


@given(st.integers(0, 12))
def test_skipping_is_indexing(start):
    way = itinerary(train={"length": "3ep"})
    assert list(way.legs(start)) == list(way.legs())[start:]


def test_the_rows_of_a_step_are_named():
    way = itinerary(10, 3, batch={"accumulate": 2}, train={"length": "2ep"})
    names = source(10, size=3).ids
    for leg in way.legs():
        assert way.ids(leg.step + 1) == tuple(names[row] for rows in leg.window for row in rows)
    assert way.ids(0) == way.ids(way.total + 1) == ()


def test_lengths_in_steps_and_parts_of_epochs():
    assert itinerary(train={"length": "7st"}).total == 7
    assert itinerary(train={"length": "1.5ep"}).total == 6
    assert [leg.epoch for leg in itinerary(train={"length": "6st"}).legs()] == [0, 0, 0, 0, 1, 1]


def test_what_falls_due():
    way = itinerary(train={"length": "3ep"})
    due = {
        every: [step for step in range(1, 13) if way.falls_due(Duration.read(every), step)]
        for every in ("1ep", "2ep", "0.5ep", "5st", "25%")
    }
    assert due == {"1ep": [4, 8, 12], "2ep": [8], "0.5ep": [2, 4, 6, 8, 10, 12], "5st": [5, 10], "25%": [3, 6, 9, 12]}


def test_a_clock_needs_a_schedule_that_never_ends():
    assert itinerary(train={"length": "1min"}, schedule="constant").total == ENDLESS
    with pytest.raises(RecipeError, match=r"schedule\.name = 'cosine': a schedule that ends needs a run in"):
        itinerary(train={"length": "1min"}, schedule="cosine")
    with pytest.raises(RecipeError, match=r"schedule\.warmup = 5% .*; say it in steps"):
        itinerary(train={"length": "1min"}, schedule={"name": "constant", "warmup": "5%"})
    with pytest.raises(RecipeError, match="an interval of 5% in a run that the clock ends"):
        itinerary(train={"length": "1min"}, schedule="constant").falls_due(Duration.read("5%"), 3)
    assert not itinerary().falls_due(Duration.read("1min"), 3)  # the recorded clock tells, see test_clock


def test_nothing_to_train_on_is_said():
    with pytest.raises(UsageError, match="the training split is empty"):
        itinerary(0)
