from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.batching import shuffled
from kilter.data.mixing import mixed, tasks_of

SIZES = (100, 30, 7)
TASKS = np.repeat([0, 1, 2], SIZES)[np.random.default_rng(0).permutation(sum(SIZES))]


def planned(exponent, *, size=8, seed=0, epoch=0, tasks=TASKS):
    def plan(rows, again):
        return shuffled(len(rows), size=size, seed=seed + 1000 * again, epoch=epoch)

    return mixed(tasks, plan, exponent=exponent, seed=seed, epoch=epoch)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 9), st.sampled_from([0.0, 0.5, 1.0]))
def test_each_batch_is_of_one_task_and_every_task_has_one(drawn, size, exponent):
    tasks = np.unique(drawn, return_inverse=True)[1].astype(np.int64)
    batches = planned(exponent, size=size, tasks=tasks)

    assert all(len({int(tasks[row]) for row in batch}) == 1 for batch in batches)
    assert {int(tasks[batch[0]]) for batch in batches} == set(tasks.tolist())
    once = sum(-(-count // size) for count in Counter(tasks.tolist()).values())
    assert len(batches) == once
    if exponent == 1:
        assert sorted(row for batch in batches for row in batch) == list(range(len(tasks)))


def test_with_an_exponent_of_1_each_row_stands_once_in_an_epoch():
    rows = [row for batch in planned(1.0) for row in batch]

    assert sorted(rows) == list(range(len(TASKS)))


@pytest.mark.parametrize(("exponent", "wanted"), [(0.0, (6, 6, 6)), (0.5, (10, 5, 3)), (1.0, (13, 4, 1))])
def test_tasks_come_as_often_as_their_rows_to_the_exponent_say(exponent, wanted):
    of_task = Counter(int(TASKS[batch[0]]) for batch in planned(exponent))
    shares = np.array(SIZES, dtype=float) ** exponent

    assert tuple(of_task[task] for task in range(3)) == wanted
    assert np.abs(np.array(wanted) - 18 * shares / shares.sum()).max() < 1.1


def test_rows_of_a_small_task_come_round_again_in_another_order():
    batches = [tuple(batch) for batch in planned(0.0, size=4) if TASKS[batch[0]] == 2]

    assert Counter(row for batch in batches for row in batch).most_common()[-1][1] >= 2
    assert len(set(batches)) >= 8  # of 11; two of them may hold the same rows by chance


def test_a_plan_is_a_function_of_seed_and_epoch():
    assert planned(0.5) == planned(0.5)
    assert planned(0.5) != planned(0.5, epoch=1)
    assert planned(0.5) != planned(0.5, seed=1)


def test_without_rows_there_are_no_batches():
    assert planned(1.0, tasks=np.zeros(0, dtype=np.int64)) == []


def test_rows_with_the_same_targets_are_one_task():
    present = np.array([[1, 0], [0, 1], [1, 1], [0, 1]], dtype=bool)

    tasks = tasks_of(present)
    assert tasks[1] == tasks[3]
    assert len(set(tasks.tolist())) == 3
