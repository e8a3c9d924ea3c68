"""Splits held in memory keep what a source promises."""

import numpy as np
import pytest
import torch

from kilter.tasks.tagging import Tagging
from kilter.testing.sources import ArraySource, TextSource
from kilter.values.errors import RecipeError
from kilter.values.recipe import BatchSize
from kilter.values.task import IGNORED

NUMBERS = torch.arange(20.0).reshape(10, 2)
TARGETS = np.arange(10) % 3


def source(**options):
    return ArraySource({"numbers": NUMBERS, "tokens": NUMBERS.long()}, TARGETS, size=4, **options)


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_plan_holds_every_row_once_and_is_the_same_each_time(epoch):
    plan = source().plan(seed=3, epoch=epoch)
    assert sorted(row for rows in plan for row in rows) == list(range(10))
    assert [len(rows) for rows in plan] == [4, 4, 2]
    assert plan == source().plan(seed=3, epoch=epoch)
    assert plan != source().plan(seed=3, epoch=epoch + 1)


def test_a_sweep_is_in_order():
    assert source().sweep() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_rows_are_what_they_are():
    batch = source(weights=[float(row) for row in range(10)], prefix="r").plain([7, 2])
    assert batch.ids == ("r:7", "r:2")
    assert torch.equal(batch.inputs["numbers"], NUMBERS[[7, 2]])
    assert batch.target.tolist() == [1, 2]
    assert batch.weight.tolist() == [7.0, 2.0]
    example = source().example(7)
    assert (example.inputs["numbers"], example.target, example.id) == ([14.0, 15.0], 1, "row:7")


def test_noise_is_a_function_of_seed_epoch_and_row_and_spares_tokens():
    noisy = source(noise=0.1)
    here, there = noisy.batch([5, 2], seed=0, epoch=1), noisy.batch([2], seed=0, epoch=1)
    assert torch.equal(here.inputs["numbers"][1:], there.inputs["numbers"])
    assert not torch.equal(here.inputs["numbers"], noisy.batch([5, 2], seed=0, epoch=2).inputs["numbers"])
    assert torch.equal(here.inputs["tokens"], NUMBERS.long()[[5, 2]])
    assert torch.equal(source().batch([5], seed=0, epoch=0).inputs["numbers"], NUMBERS[[5]])


def test_texts_are_as_wide_as_the_longest_of_the_batch():
    tokens = torch.tensor([[5, 6, 0, 0], [5, 0, 0, 0], [5, 6, 7, 8]])
    answers = torch.tensor([[5, 0], [5, 6], [5, 0]])
    inputs = {"tokens": tokens, "mask": tokens > 0, "answers": answers, "answers_mask": answers > 0}
    targets = np.empty(3, dtype=object)
    targets[:] = [np.array([1, 2]), np.array([1]), np.array([1, 2, 3, 4])]
    texts = TextSource(inputs, targets, Tagging(labels=("O", "B-a", "I-a", "B-b", "I-b")), size=2)
    batch = texts.plain([1, 0])
    assert batch.inputs["tokens"].tolist() == [[5, 0], [5, 6]]
    assert batch.inputs["mask"].tolist() == [[True, False], [True, True]]
    assert batch.inputs["answers"].tolist() == [[5, 6], [5, 0]]
    assert batch.target.tolist() == [[1, IGNORED], [1, 2]]
    assert batch.ids == ("row:1", "row:0")
    assert texts.batch([2], seed=0, epoch=0).inputs["tokens"].shape == (1, 4)
    assert sorted(row for rows in texts.plan(seed=0, epoch=0) for row in rows) == [0, 1, 2]
    assert texts.sweep() == [[0, 1], [2]]
    assert texts.batched(BatchSize(size=3)).sweep() == [[0, 1, 2]]
    assert texts.example(2).target.tolist() == [1, 2, 3, 4]
    assert len(texts) == 3


def test_other_batches_leave_the_source_as_it_is():
    first = source(noise=0.1)
    other = first.batched(BatchSize(size=7))
    assert other.sweep() == [[0, 1, 2, 3, 4, 5, 6], [7, 8, 9]]
    assert [len(rows) for rows in other.plan(seed=0, epoch=0)] == [7, 3]
    assert [len(rows) for rows in first.sweep()] == [4, 4, 2]
    here, there = (split.batch([3, 5], seed=1, epoch=2) for split in (first, other))
    assert torch.equal(here.inputs["numbers"], there.inputs["numbers"])


def test_a_budget_of_tokens_is_refused():
    with pytest.raises(RecipeError, match=r"batch\.tokens = 64"):
        source().batched(BatchSize(tokens=64))
