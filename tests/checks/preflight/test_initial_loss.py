"""Where a model that knows nothing begins."""

import math
from dataclasses import replace
from functools import partial

import pytest
import torch

from kilter.checks.preflight.initial_loss import InitialLoss
from kilter.tasks.regression import Regression
from kilter.testing.healthy.pipelines import classify, labels, numbers, of_amounts, over_numbers
from kilter.testing.healthy.sequence_pipelines import of_tokens
from kilter.testing.healthy.target_pipelines import HEALTHY_TARGET_PIPELINES
from kilter.testing.networks import Perceptron
from kilter.testing.planted.networks import Scaled
from kilter.testing.planted.tasks import WithLoss, summed
from kilter.values.finding import Severity, Skipped
from kilter.values.task import Loss


def test_the_numbers_that_fit_stand_in_the_evidence():
    (finding,) = InitialLoss().examine(over_numbers(partial(Scaled, 6, 3, factor=100.0)))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["knowing nothing"] == pytest.approx(math.log(3))
    assert finding.evidence["zero outputs"] == pytest.approx(math.log(3))
    assert len(finding.evidence["losses"]) == 3
    assert min(finding.evidence["losses"]) > 3 * math.log(3)
    assert finding.follows == ("output-form",)


def test_between_the_thresholds_it_is_a_note():
    (finding,) = InitialLoss(warn=1000.0).examine(over_numbers(partial(Scaled, 6, 3, factor=100.0)))
    assert finding.severity is Severity.NOTE


def test_inputs_are_blamed_only_where_scaling_them_helps():
    targets = labels()
    pipeline = classify(partial(Perceptron, 6, 3), {"numbers": 300 * numbers(targets)}, targets)
    (finding,) = InitialLoss().examine(pipeline)
    assert finding.causes[0] == "unnormalized_input"
    assert "with inputs scaled to unit size it is 1." in finding.seen


def test_targets_too_small_for_outputs_are_blamed_on_the_targets():
    (finding,) = InitialLoss().examine(of_amounts(task=Regression(center=50.0, scale=1e4)))
    assert finding.causes[0] == "unnormalized_target"


def test_a_multiple_that_is_not_the_number_of_examples_is_another_loss():
    def tripled(task, outputs, batch):
        total, weight, each = task.loss(outputs, batch)
        return Loss(3 * total, weight, each)

    pipeline = over_numbers()
    (finding,) = InitialLoss().examine(over_numbers(task=WithLoss(pipeline.task, tripled)))
    assert finding.causes[0] == "wrong_loss_for_task"
    assert "3 times as much" in finding.seen


def test_no_number_is_traced_to_data_model_or_loss():
    def rooted(task, outputs, batch):
        total, weight, each = task.loss(outputs, batch)
        return Loss(total * torch.tensor(-1.0).sqrt(), weight, each)

    targets = labels()
    holed = numbers(targets)
    holed[3, 2] = math.inf
    for pipeline, said in (
        (classify(partial(Perceptron, 6, 3), {"numbers": holed}, targets), "is in the inputs already"),
        (over_numbers(task=WithLoss(over_numbers().task, rooted)), "comes from the loss"),
        (over_numbers(partial(Scaled, 6, 3, factor=math.inf)), "comes from the model"),
    ):
        (finding,) = InitialLoss().examine(pipeline)
        assert finding.severity is Severity.FAILURE
        assert said in finding.seen


def test_a_task_without_theory_is_skipped():
    class Silent:
        def __init__(self, task):
            self._task = task

        def __getattr__(self, name):
            return getattr(self._task, name)

        def chance_loss(self, targets):
            return None

    assert isinstance(next(InitialLoss().examine(over_numbers(task=Silent(over_numbers().task)))), Skipped)


def test_losses_that_are_sums_over_tokens_have_errors_in_the_unit_of_their_mean():
    def far_too_large(model, batch):
        return 30.0 * model(**batch.inputs)

    pipeline = replace(of_tokens(), forward=far_too_large)
    (finding,) = InitialLoss().examine(pipeline)
    assert finding.causes[0] == "bad_output_init"
    assert finding.evidence["standard error"] < 0.2 * finding.evidence["losses"][0]


@pytest.mark.parametrize("healthy", HEALTHY_TARGET_PIPELINES, ids=lambda healthy: healthy.name)
def test_a_sum_in_place_of_a_mean_is_found_whatever_the_loss(healthy):
    pipeline = healthy.make()
    (finding,) = InitialLoss().examine(replace(pipeline, task=WithLoss(pipeline.task, summed)))

    assert finding.causes[0] in {"loss_sum_reduction", "wrong_loss_for_task"}  # the second where rows have gaps
    assert finding.evidence["zero outputs"] > 10 * finding.evidence["knowing nothing"]


def test_models_that_begin_with_learnt_weights_are_skipped():
    pipeline = over_numbers(partial(Scaled, 6, 3, factor=100.0))
    (skipped,) = InitialLoss().examine(replace(pipeline, recipe=pipeline.recipe.replace("train.weights", "theirs.pt")))
    assert isinstance(skipped, Skipped)
    assert "train.weights" in skipped.reason
