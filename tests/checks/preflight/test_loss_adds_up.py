"""The loss as a sum over examples."""

import pytest

from kilter.checks.preflight.loss_adds_up import LossAddsUp
from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.testing.healthy.pipelines import CLASSES, of_amounts, over_numbers
from kilter.testing.planted.tasks import WithLoss, averaged, broadcast, summed
from kilter.values.finding import Severity, Skipped
from kilter.values.task import Loss

TASK = Classification(labels=CLASSES)


def examined(change):
    return list(LossAddsUp().examine(over_numbers(task=WithLoss(TASK, change))))


def test_everyone_against_everyone_is_a_failure():
    task = WithLoss(Regression(center=50.0, scale=20.0), broadcast)
    (finding,) = LossAddsUp().examine(of_amounts(task=task))
    assert finding.severity is Severity.FAILURE
    assert finding.causes == ("broadcast_shape_mismatch",)


def test_losses_of_another_shape_are_a_failure():
    def squared(task, outputs, batch):
        each = (outputs[:, :1] - batch.target.float()).square()
        return Loss(each.mean(dim=1).sum(), batch.weight.sum(), each.flatten())

    (finding,) = examined(squared)
    assert "have the shape (64,)" in finding.seen


@pytest.mark.parametrize(("change", "cause"), [(summed, "loss_sum_reduction"), (averaged, "grad_accum_unscaled")])
def test_totals_and_weights_must_add_up(change, cause):
    (finding,) = examined(change)
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == cause


def test_a_loss_that_adds_up_is_silent_with_weights_too():
    assert list(LossAddsUp().examine(over_numbers(weights=[0.5 + row % 3 for row in range(96)]))) == []
    assert list(LossAddsUp().examine(of_amounts())) == []


def test_a_loss_over_pairs_and_one_that_is_no_number_are_skipped():
    task = WithLoss(TASK, lambda task, outputs, batch: task.loss(outputs, batch))
    task.per_example = False
    assert isinstance(next(LossAddsUp().examine(over_numbers(task=task))), Skipped)

    def rooted(task, outputs, batch):
        total, weight, each = task.loss(outputs, batch)
        return Loss(total * float("nan"), weight, each)

    assert isinstance(examined(rooted)[0], Skipped)
