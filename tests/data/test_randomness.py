import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kilter.data.randomness import normals, uniforms

keys = st.fixed_dictionaries(
    {"seed": st.integers(0, 2**63), "epoch": st.integers(0, 10**6), "purpose": st.integers(1, 9)}
)
row_lists = st.lists(st.integers(0, 10**9), min_size=1, max_size=20)

MASK = 2**64 - 1


def mixed(state):
    state = (state + 0x9E3779B97F4A7C15) & MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


@given(keys, row_lists, st.integers(0, 5))
def test_numbers_are_the_naive_ones(key, rows, count):
    drawn = uniforms(**key, rows=rows, count=count)
    state = mixed((mixed((mixed(key["seed"]) + key["epoch"]) & MASK) + key["purpose"]) & MASK)
    for number, row in enumerate(rows):
        stream = mixed((state + row) & MASK)
        for place in range(count):
            naive = mixed((stream + (place + 1) * 0x9E3779B97F4A7C15) & MASK) >> 11
            assert drawn[number, place] == naive / 2**53


def test_the_generator_is_the_published_one():
    # The first outputs of SplitMix64 from state 0, as in the reference implementation (Vigna 2015).
    assert [hex(mixed(number * 0x9E3779B97F4A7C15 & MASK)) for number in range(2)] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
    ]


@given(keys, row_lists.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), st.integers(1, 4))
def test_a_row_has_its_numbers_in_any_company(key, both, fewer):
    rows, shuffled = both
    for draw in (uniforms, normals):
        whole = dict(zip(rows, draw(**key, rows=rows, count=4).tolist(), strict=True))
        for row, numbers in zip(shuffled, draw(**key, rows=shuffled, count=fewer).tolist(), strict=True):
            assert numbers == whole[row][:fewer]


def test_they_are_uniform_and_normal_and_do_not_hang_together():
    key = {"seed": 0, "epoch": 0, "purpose": 1}
    flat = uniforms(**key, rows=range(2000), count=50)
    assert 0 <= flat.min() < flat.max() < 1
    assert stats.kstest(flat.ravel(), "uniform").pvalue > 0.01
    assert stats.kstest(normals(**key, rows=range(2000), count=50).ravel(), "norm").pvalue > 0.01
    others = [
        uniforms(**{**key, changed: 1}, rows=range(2000), count=50) for changed in ("seed", "epoch") for _ in range(1)
    ]
    others += [uniforms(**{**key, "purpose": 2}, rows=range(2000), count=50), np.roll(flat, 1, 0), np.roll(flat, 1, 1)]
    for other in others:
        assert abs(np.corrcoef(flat.ravel(), other.ravel())[0, 1]) < 0.015  # 4.7 standard errors
