"""Some rows of a source."""

import numpy as np
import pytest
import torch

from kilter.search.subset import Subset
from kilter.testing.healthy.pipelines import over_numbers, over_tokens
from kilter.values.recipe import BatchSize

ROWS = np.array([3, 4, 10, 50, 51, 90])


@pytest.fixture(params=[over_numbers, over_tokens])
def whole(request):
    return request.param().splits["train"]


def test_it_has_the_rows_under_new_numbers(whole):
    subset = Subset(whole, ROWS)

    assert len(subset) == 6
    assert list(subset.ids) == [whole.ids[row] for row in ROWS]
    assert subset.targets.tolist() == whole.targets[ROWS].tolist()
    assert subset.example(2) == whole.example(10)
    assert repr(subset) == f"Subset(6 of {len(whole)} rows)"


def test_orders_hold_every_row_once_in_the_order_of_the_whole(whole):
    subset = Subset(whole, ROWS)
    kept = set(ROWS.tolist())
    for plan, of_whole in (
        (subset.plan(seed=3, epoch=1), whole.plan(seed=3, epoch=1)),
        (subset.sweep(), whole.sweep()),
    ):
        rows = [int(ROWS[row]) for batch in plan for row in batch]
        assert rows == [row for batch in of_whole for row in batch if row in kept]
        assert all(len(batch) for batch in plan)
    assert subset.plan(seed=3, epoch=1) != subset.plan(seed=3, epoch=2)


def test_in_batches_of_another_size_the_rows_stay(whole):
    subset, batch = Subset(whole, ROWS), BatchSize(size=2)
    other = subset.batched(batch)

    assert list(other.ids) == list(subset.ids)
    assert max(map(len, other.plan(seed=0, epoch=0))) <= 2
    assert other.plan(seed=0, epoch=0) == Subset(whole.batched(batch), ROWS).plan(seed=0, epoch=0)


def test_batches_are_those_of_the_rows(whole):
    subset = Subset(whole, ROWS)
    for mine, theirs in (
        (subset.plain([0, 5]), whole.plain([3, 90])),
        (subset.batch([1, 3], seed=0, epoch=2), whole.batch([4, 50], seed=0, epoch=2)),
    ):
        assert mine.ids == theirs.ids
        assert torch.equal(mine.target, theirs.target)
        assert all(torch.equal(mine.inputs[name], theirs.inputs[name]) for name in theirs.inputs)
