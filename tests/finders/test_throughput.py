from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.finders.throughput import knee, scale_of, sizes_below, worth
from kilter.values.batch_suggestion import NoiseScale, StepTime


@given(st.integers(1, 5000), st.integers(1, 64))
def test_sizes_go_down_from_the_largest_by_halves(largest, smallest):
    sizes = sizes_below(largest, smallest=smallest)
    assert sizes[0] == largest
    assert list(sizes) == sorted(set(sizes), reverse=True)
    assert all(size & (size - 1) == 0 and size >= smallest for size in sizes[1:])
    assert all(before <= 2 * after for before, after in pairwise(sizes))


def test_a_single_example_is_all_there_is():
    assert sizes_below(1) == (1,)
    assert sizes_below(2) == (2, 1)


def times(*speeds):
    return [StepTime(size=size, seconds=size / speed) for size, speed in speeds]


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ([(256, 100), (128, 99), (64, 96), (32, 94), (16, 60)], 64),
        ([(256, 100), (128, 90)], 256),
        ([(256, 80), (128, 100), (64, 70)], 128),  # the largest is not always the fastest
        ([(8, 5)], 8),
    ],
)
def test_the_smallest_of_those_that_are_fast_is_taken(speeds, expected):
    assert knee(times(*speeds)) == expected


def test_a_wider_tolerance_takes_a_smaller_one():
    assert knee(times((256, 100), (128, 81), (64, 40)), tolerance=0.2) == 128


def noise(**options):
    return NoiseScale(**{"examples": 64.0, "low": 40.0, "high": 90.0, "batches": 32, "after": 50} | options)


def test_the_noise_scale_takes_off_what_larger_batches_waste():
    timed = times((1024, 100), (256, 99), (64, 96), (16, 60))
    assert knee(timed) == 64
    assert knee(timed, noise=noise(examples=1e6)) == 64
    assert knee(timed, noise=noise()) == 16  # 60 / (1 + 16 / 64) = 48 = 96 / (1 + 64 / 64)
    assert knee(times((1024, 100), (256, 50)), noise=noise(examples=1024.0)) == 1024


def test_where_the_gradient_drowned_in_noise_its_lower_end_is_reckoned_with():
    assert scale_of(noise()) == 64
    assert scale_of(noise(examples=None)) == 40
    assert scale_of(noise(examples=None, low=0.0)) is None
    assert scale_of(None) is None


def test_the_time_to_a_loss_is_what_steps_and_examples_make():
    """Steps in proportion to 1 + scale / batch, each of the seconds of one."""
    to_loss = [(1 + 64 / each.size) * each.seconds for each in times((1024, 100), (64, 96))]
    worths = [worth(each, 64.0) for each in times((1024, 100), (64, 96))]
    assert to_loss[0] * worths[0] == pytest.approx(to_loss[1] * worths[1])


def test_without_times_there_is_none():
    with pytest.raises(ValueError, match="no size was timed"):
        knee([])
