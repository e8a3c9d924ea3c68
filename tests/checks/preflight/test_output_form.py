"""What the last layer gives."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from kilter.checks.preflight.output_form import OutputForm
from kilter.testing.healthy.pipelines import of_amounts, over_numbers
from kilter.testing.healthy.target_pipelines import of_classes
from kilter.testing.planted.networks import Ending
from kilter.testing.planted.tasks import WithLoss
from kilter.values.finding import Severity, Skipped
from kilter.values.recipe import LossChoice
from kilter.values.task import Form


def classes(last):
    return list(OutputForm().examine(over_numbers(partial(Ending, 6, 3, last=last))))


def amounts(last):
    return list(OutputForm().examine(of_amounts(partial(Ending, 6, 1, last=last))))


@pytest.mark.parametrize(
    ("last", "cause"),
    [
        (nn.Softmax(dim=1), "double_softmax"),
        (nn.Softmax(dim=0), "wrong_softmax_dim"),
        (nn.ReLU(), "relu_on_output"),
        (nn.Sigmoid(), "output_range_mismatch"),
    ],
)
def test_classes_through_one_function_too_many(last, cause):
    (finding,) = classes(last)
    assert finding.causes[0] == cause
    assert finding.severity is (Severity.WARNING if cause == "relu_on_output" else Severity.FAILURE)


@pytest.mark.parametrize("last", [nn.LogSoftmax(dim=1), nn.Identity(), nn.LeakyReLU(), nn.Linear(3, 3), nn.Softsign()])
def test_classes_through_what_does_no_harm(last):
    assert classes(last) == []


@pytest.mark.parametrize(
    ("last", "cause"),
    [
        (nn.Softmax(dim=1), "softmax_single_unit"),
        (nn.ReLU(), "relu_on_output"),
        (nn.Sigmoid(), "output_range_mismatch"),
        (nn.Tanh(), "output_range_mismatch"),
    ],
)
def test_amounts_that_cannot_reach_their_targets(last, cause):
    (finding,) = amounts(last)
    assert finding.causes[0] == cause


@pytest.mark.parametrize("last", [nn.Identity(), nn.ELU(), nn.LeakyReLU()])
def test_amounts_that_can(last):
    assert amounts(last) == []


def test_each_head_is_looked_at_by_itself():
    def of_second(task, outputs, batch):
        return task.loss(outputs["second"], batch)

    def two(model, batch):
        outputs = model(**batch.inputs)
        return {"first": outputs, "second": outputs.softmax(dim=1)}

    (finding,) = OutputForm().examine(over_numbers(task=WithLoss(over_numbers().task, of_second), forward=two))
    assert finding.causes[0] == "double_softmax"
    assert finding.evidence["head"] == "second"


def test_places_in_a_space_may_have_any_form():
    class Matching(WithLoss):
        form = Form.MATCH

    (said,) = OutputForm().examine(
        over_numbers(task=Matching(over_numbers().task, lambda task, *given: task.loss(*given)))
    )
    assert isinstance(said, Skipped)


def test_outputs_without_a_row_for_each_example_are_skipped():
    def first(task, outputs, batch):
        return task.loss(outputs["logits"], batch)

    def with_a_number(model, batch):
        return {"logits": model(**batch.inputs), "temperature": torch.ones(())}

    (said,) = OutputForm().examine(over_numbers(task=WithLoss(over_numbers().task, first), forward=with_a_number))
    assert isinstance(said, Skipped)


def test_a_sigmoid_before_a_loss_of_one_logit_is_applied_twice():
    healthy = of_classes(LossChoice(name="binary_cross_entropy"), count=2)
    twice = replace(healthy, make_model=lambda: Ending(6, 1, last=nn.Sigmoid()))
    (finding,) = OutputForm().examine(twice)

    assert finding.causes[0] == "double_sigmoid"
    assert not list(OutputForm().examine(healthy))
