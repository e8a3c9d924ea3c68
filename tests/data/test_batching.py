import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.batching import bucketed, refuse_rest, shuffled, swept, swept_by_length
from kilter.values.errors import RecipeError
from kilter.values.recipe import BatchSize

lengths_lists = st.lists(st.integers(0, 60), max_size=300).map(lambda lengths: np.array(lengths, dtype=np.int64))
sizes = st.integers(1, 70)
seeds = st.integers(0, 2**32)


def flat(plan):
    return [row for rows in plan for row in rows]


def waste(plan, lengths):
    padded = sum(len(rows) * lengths[rows].max() for rows in plan)
    return 1 - lengths.sum() / padded


@given(st.integers(0, 300), sizes, seeds, st.integers(0, 1000))
def test_shuffled_rows_stand_once_in_full_batches(rows, size, seed, epoch):
    plan = shuffled(rows, size=size, seed=seed, epoch=epoch)
    assert sorted(flat(plan)) == list(range(rows))
    assert [len(batch) for batch in plan[:-1]] == [size] * (len(plan) - 1)
    assert all(plan)


@given(lengths_lists, sizes, st.integers(1, 5), seeds)
def test_buckets_of_a_size_hold_every_row_once(lengths, size, pool, seed):
    plan = bucketed(lengths, size=size, tokens=None, pool=pool, seed=seed, epoch=0)
    assert sorted(flat(plan)) == list(range(len(lengths)))
    assert len(plan) == -(-len(lengths) // size)
    assert all(0 < len(rows) <= size for rows in plan)


@given(lengths_lists, st.integers(1, 400), st.integers(1, 5), seeds)
def test_buckets_of_a_budget_hold_every_row_once_and_keep_it(lengths, tokens, pool, seed):
    for plan in (
        bucketed(lengths, size=None, tokens=tokens, pool=pool, seed=seed, epoch=0),
        swept_by_length(lengths, size=None, tokens=tokens),
    ):
        assert sorted(flat(plan)) == list(range(len(lengths)))
        for rows in plan:
            assert len(rows) * lengths[rows].max() <= tokens or len(rows) == 1


@given(lengths_lists, st.integers(1, 400), st.integers(1, 5), seeds)
def test_an_even_budget_makes_no_batch_more(lengths, tokens, pool, seed):
    plan = bucketed(lengths, size=None, tokens=tokens, pool=pool, seed=seed, epoch=0)
    pools = max(1, round(lengths.sum() / (pool * tokens)))
    if pools == 1 and len(lengths):
        assert len(plan) == len(naive_budget(lengths, tokens))


def test_no_batch_of_a_pool_is_a_small_rest():
    lengths = np.full(501, 10)
    plan = bucketed(lengths, size=None, tokens=500, pool=50, seed=0, epoch=0)  # 50 batches, and one row over
    assert min(map(len, plan)) >= 25
    lengths = np.random.default_rng(0).lognormal(np.log(32), 1, 20_000).round().clip(1, 256).astype(np.int64)
    padded = np.array(
        [
            len(rows) * lengths[rows].max()
            for rows in bucketed(lengths, size=None, tokens=2048, pool=50, seed=0, epoch=0)
        ]
    )
    assert padded.std() / padded.mean() < 0.06  # without evening out .08
    assert padded.min() > 1000


@given(st.integers(0, 300), sizes, seeds, st.integers(1, 5))
def test_complete_batches_are_full_and_leave_other_rows_out_each_time(rows, size, seed, pool):
    lengths = np.arange(rows) % 17
    for plan in (
        lambda epoch: shuffled(rows, size=size, seed=seed, epoch=epoch, complete=True),
        lambda epoch: bucketed(lengths, size=size, tokens=None, pool=pool, seed=seed, epoch=epoch, complete=True),
    ):
        assert len(plan(0)) == rows // size
        assert {len(batch) for batch in plan(0)} <= {size}
        assert len(set(flat(plan(0)))) == rows // size * size


def test_no_row_is_left_out_for_good():
    lengths = np.arange(103)
    for plan in (
        lambda epoch: shuffled(103, size=10, seed=0, epoch=epoch, complete=True),
        lambda epoch: bucketed(lengths, size=10, tokens=None, pool=5, seed=0, epoch=epoch, complete=True),
    ):
        left = [set(range(103)).difference(flat(plan(epoch))) for epoch in range(60)]
        assert all(len(rows) == 3 for rows in left)
        assert len(set.union(*left)) > 60


@pytest.mark.parametrize(("batch", "rows"), [(BatchSize(size=8, complete=True), 8), (BatchSize(size=8), 1)])
def test_a_batch_that_can_be_filled_is_let_through(batch, rows):
    refuse_rest(batch, rows)


def test_a_complete_batch_of_more_rows_than_there_are_is_refused():
    with pytest.raises(RecipeError, match=r"batch\.complete with batch\.size = 8 and 7 rows.*batch\.size to 7 or less"):
        refuse_rest(BatchSize(size=8, complete=True), 7)


def naive_budget(lengths, tokens):
    """Row after row, from the shortest; a new batch where one more would not fit."""
    batches, batch = [], []
    for row in np.argsort(lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[row] > tokens:
            batches.append(batch)
            batch = []
        batch.append(row)
    return [*batches, *([batch] if batch else [])]


@given(lengths_lists, st.integers(1, 400))
def test_the_budget_is_filled_as_the_naive_way_fills_it(lengths, tokens):
    assert swept_by_length(lengths, size=None, tokens=tokens) == naive_budget(lengths, tokens)[::-1]


@given(seeds, st.integers(0, 100))
def test_a_plan_is_a_function_of_seed_and_epoch(seed, epoch):
    lengths = np.arange(200) % 17
    for plan in (
        lambda seed, epoch: shuffled(200, size=8, seed=seed, epoch=epoch),
        lambda seed, epoch: bucketed(lengths, size=8, tokens=None, pool=5, seed=seed, epoch=epoch),
        lambda seed, epoch: bucketed(lengths, size=None, tokens=99, pool=5, seed=seed, epoch=epoch),
    ):
        assert plan(seed, epoch) == plan(seed, epoch)
        assert plan(seed, epoch) != plan(seed, epoch + 1)
        assert plan(seed, epoch) != plan(seed + 1, epoch)


def test_the_whole_set_is_shuffled_and_batches_come_in_random_order():
    lengths = np.random.default_rng(0).integers(1, 100, 5000)
    plan = bucketed(lengths, size=50, tokens=None, pool=10, seed=0, epoch=0)
    first = np.array(flat(plan)[:500])
    assert first.min() < 100
    assert first.max() > 4900
    means = [lengths[rows].mean() for rows in plan]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.3


def test_buckets_waste_little_padding():
    lengths = np.random.default_rng(0).geometric(0.05, 5000)
    random = bucketed(lengths, size=64, tokens=None, pool=1, seed=0, epoch=0)
    pooled = bucketed(lengths, size=None, tokens=1280, pool=50, seed=0, epoch=0)
    unsorted = [list(range(start, min(start + 64, 5000))) for start in range(0, 5000, 64)]
    assert waste(unsorted, lengths) > 0.7
    assert waste(random, lengths) == pytest.approx(waste(unsorted, lengths), abs=0.05)
    assert waste(pooled, lengths) < 0.06


@given(st.integers(0, 200), sizes)
def test_a_sweep_holds_every_row_once_in_order(rows, size):
    assert flat(swept(rows, size=size)) == list(range(rows))


@given(lengths_lists, sizes)
def test_a_sweep_by_length_begins_with_the_longest(lengths, size):
    plan = swept_by_length(lengths, size=size, tokens=None)
    assert sorted(flat(plan)) == list(range(len(lengths)))
    longest = [lengths[rows].max() for rows in plan]
    assert longest == sorted(longest, reverse=True)
