import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.finders.accumulation import accumulated

COUNTS = st.integers(1, 10_000)


@given(COUNTS, COUNTS, st.integers(1, 64))
def test_an_effective_batch_is_made_with_the_fewest_batches_that_fit(effective, largest, devices):
    size, batches = accumulated(effective, largest=largest, devices=devices)
    assert size <= largest
    assert size * batches * devices >= effective
    assert (size - 1) * batches * devices < effective  # no larger than it must be
    assert largest * (batches - 1) * devices < effective  # one batch fewer would not do


def test_what_fits_is_one_batch():
    assert accumulated(64, largest=64) == (64, 1)
    assert accumulated(64, largest=1000, devices=2) == (32, 1)


@pytest.mark.parametrize("given", [{"effective": 0}, {"largest": 0}, {"devices": -1}])
def test_counts_are_1_or_more(given):
    numbers = {"effective": 8, "largest": 8, "devices": 1} | given
    with pytest.raises(ValueError, match="must be 1 or more"):
        accumulated(numbers.pop("effective"), **numbers)
