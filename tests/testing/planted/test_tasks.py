"""Tasks with a wrong loss differ from the right one in the loss alone."""

import pytest
import torch

from kilter.tasks.classification import Classification
from kilter.testing.planted.tasks import WithLoss, averaged, broadcast, clipped, negated, summed
from kilter.values.batch import Batch

TASK = Classification(labels=("a", "b", "c"))
BATCH = Batch(inputs={}, target=torch.tensor([0, 1, 2, 1]), weight=torch.ones(4), ids=("1", "2", "3", "4"))
OUTPUTS = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("change", "times"), [(summed, 4.0), (averaged, 1.0), (negated, -1.0)], ids=["summed", "averaged", "negated"]
)
def test_the_mean_loss_is_that_many_times_the_right_one(change, times):
    right, wrong = TASK.loss(OUTPUTS, BATCH), WithLoss(TASK, change).loss(OUTPUTS, BATCH)
    assert float(wrong.total / wrong.weight) == pytest.approx(times * float(right.total / right.weight))


def test_everyone_meets_everyone():
    batch = Batch(inputs={}, target=torch.tensor([1.0, 3.0]), weight=torch.ones(2), ids=("1", "2"))
    wrong = WithLoss(TASK, broadcast).loss(torch.tensor([[0.0], [0.0]]), batch)
    assert wrong.each.tolist() == [5.0, 5.0]  # the mean of 1 and 9, for both


def test_a_clipped_loss_stays_below_its_cut():
    assert float(WithLoss(TASK, clipped).loss(OUTPUTS, BATCH).each.max()) == pytest.approx(0.1)


def test_everything_else_is_the_right_tasks():
    task = WithLoss(TASK, summed)
    assert (task.labels, task.outputs, task.per_example) == (TASK.labels, TASK.outputs, TASK.per_example)
