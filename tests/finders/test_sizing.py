"""Which size comes next, against memories that are computed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.finders.sizing import PROVING, Room, first_size, next_size, proved
from kilter.values.batch_suggestion import SizeProbe

BASE = 300


def tried(size, memory, room, fixed=0, steps=PROVING):
    peak = BASE + fixed + memory(size)
    if peak > room:
        return SizeProbe(size=size, peak=None, fits=False, said="killed", steps=steps)
    return SizeProbe(size=size, peak=int(peak), between=BASE + fixed, fits=True, said="it fits", steps=steps)


def search(memory, room, *, most=10**6, start, fixed=0):
    probes, space = [], Room(bytes=room, base=BASE, most=most, start=start)
    while (coming := next_size(probes, space)) is not None:
        assert coming not in [(probe.size, probe.steps) for probe in probes]
        assert 1 <= coming.size <= most
        probes.append(tried(coming.size, memory, room, fixed, coming.steps))
        assert len(probes) < 40
    return probes


@pytest.mark.parametrize("kernels", [1.0, 1.5, 3.0, 5.0])
@pytest.mark.parametrize("fixed", [0, 10**4, 4 * 10**5])
def test_a_line_is_found_in_ten_steps_whatever_kernels_take_beside_what_was_traced(kernels, fixed):
    room, each = BASE + 10**6, 100.0
    bound = int((10**6 - fixed) / each)

    probes = search(
        lambda size: kernels * each * size, room, start=first_size(10**6, bound=bound, batch=32), fixed=fixed
    )

    true = (room - BASE - fixed) / (kernels * each)
    assert 0.88 <= proved(probes) / true <= 1
    assert sum(probe.steps for probe in probes) <= 10


@given(
    slopes=st.lists(st.floats(1, 100), min_size=1, max_size=4),
    offsets=st.lists(st.integers(0, 10**5), min_size=4, max_size=4),
    start=st.integers(1, 5000),
)
def test_a_maximum_of_phases_is_filled_and_never_overfilled(slopes, offsets, start):
    room = BASE + 10**6
    phases = list(zip(slopes, offsets, strict=False))

    probes = search(lambda size: max(slope * size - offset for slope, offset in phases), room, start=start)

    true = min((10**6 + offset) / slope for slope, offset in phases)
    assert proved(probes) <= true
    assert proved(probes) / true >= 0.6


def test_the_whole_split_is_enough():
    probes = search(lambda size: size, BASE + 10**6, most=500, start=first_size(500, bound=10**6, batch=8))

    assert [probe.size for probe in probes] == [500]


def test_a_first_size_that_is_too_large_is_left_far_behind():
    probes = search(lambda size: 1000 * size, BASE + 10**5, start=5000)

    assert not probes[0].fits
    assert proved(probes) >= 80


def test_where_not_even_one_fits_it_ends():
    probes = search(lambda _: 10**9, BASE + 10**5, start=64)

    assert [probe.size for probe in probes] == [64, 8, 1]
    assert not proved(probes)


def test_a_size_that_told_by_how_much_it_was_too_large_says_what_comes_next():
    over = SizeProbe(size=100, peak=BASE + 2000, between=BASE, fits=False, said="too much", steps=2)

    assert next_size([over], Room(bytes=BASE + 1000, base=BASE, most=10**6, start=100)) == (30, 2)  # .6 of the room
    fits = SizeProbe(size=30, peak=BASE + 600, between=BASE, fits=True, said="it fits", steps=2)
    assert next_size([over, fits], Room(bytes=BASE + 1000, base=BASE, most=10**6, start=100)) == (48, 3)  # .97


def test_the_last_probe_that_there_are_steps_for_keeps_farther_away():
    fits = SizeProbe(size=30, peak=BASE + 600, between=BASE, fits=True, said="it fits", steps=2)
    killed = SizeProbe(size=60, peak=None, fits=False, said="killed", steps=5)
    over = SizeProbe(size=60, peak=BASE + 1200, between=BASE, fits=False, said="too much", steps=5)

    assert next_size([fits, killed], Room(bytes=BASE + 1000, base=BASE, most=10**6, start=30)) == (44, 3)  # .88
    assert next_size([fits, over], Room(bytes=BASE + 1000, base=BASE, most=10**6, start=30)) == (48, 3)  # .97


def test_a_tiny_size_is_not_stretched_beyond_measure():
    tiny = SizeProbe(size=2, peak=BASE, between=BASE, fits=True, said="it fits", steps=2)

    assert next_size([tiny], Room(bytes=BASE + 1000, base=BASE, most=10**6, start=2)) == (32, 2)
