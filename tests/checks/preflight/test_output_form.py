"""What the last layer gives."""

from functools import partial

import pytest
from torch import nn

from kilter.checks.preflight.output_form import OutputForm
from kilter.testing.healthy.pipelines import of_amounts, over_numbers
from kilter.testing.planted.networks import Ending
from kilter.values.finding import Severity, Skipped


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


def test_outputs_of_another_form_are_skipped():
    def deep(model, batch):
        return model(**batch.inputs).reshape(len(batch), 3, 1)

    assert isinstance(next(OutputForm().examine(over_numbers(forward=deep))), Skipped)
