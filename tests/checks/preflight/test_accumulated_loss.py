"""Losses over several batches, and over all of their rows at once."""

import math
from dataclasses import replace

import pytest
import torch

from kilter.checks.preflight.accumulated_loss import AccumulatedLoss
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.healthy.sequence_pipelines import of_match
from kilter.testing.healthy.target_pipelines import TwoSides, of_matches
from kilter.testing.planted.tasks import WithLoss
from kilter.values.finding import Severity, Skipped
from kilter.values.recipe import LossChoice


def examined(pipeline, **fields):
    return list(AccumulatedLoss(**fields).examine(pipeline))


@pytest.mark.parametrize("name", ["in_batch", "contrastive", "triplet"])
def test_losses_that_compare_are_told_with_both_numbers(name):
    (finding,) = examined(of_matches(LossChoice(name=name), accumulate=4))
    assert finding.severity is Severity.WARNING
    assert "of 64 examples together" in finding.seen
    assert "of 4 accumulated batches of 16" in finding.seen
    assert "batch.accumulate: 1 with batch.size: 64" in finding.advice


def _indifferent():
    model = TwoSides(6, 16)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    return model


def test_the_numbers_are_those_of_choosing_among_so_many():
    pipeline = replace(of_matches(LossChoice(), accumulate=8), make_model=_indifferent)
    (finding,) = examined(pipeline)
    # somewhat less where two rows belong to the same one, which is then no wrong answer
    assert finding.evidence["together"] == pytest.approx(math.log(64), rel=0.02)
    assert finding.evidence["accumulated"] == pytest.approx(math.log(8), rel=0.02)


def test_a_budget_of_tokens_has_no_number_of_rows_to_advise():
    (finding,) = examined(of_match(batch={"tokens": 64, "accumulate": 2}))
    assert "with a larger batch;" in finding.advice


def _skipped(pipeline, **fields):
    (said,) = examined(pipeline, **fields)
    assert isinstance(said, Skipped)
    return said.reason


def test_nothing_is_said_where_accumulation_changes_nothing():
    assert _skipped(of_matches(LossChoice())) == "batches are not accumulated"
    assert _skipped(over_numbers(batch={"size": 16, "accumulate": 4})) == "the loss is one over examples"
    pipeline = over_numbers(batch={"size": 16, "accumulate": 4})
    task = WithLoss(pipeline.task, lambda task, outputs, batch: task.loss(outputs, batch))
    task.per_example = False  # says so, and adds up nevertheless
    assert examined(replace(pipeline, task=task)) == []


def test_what_cannot_be_measured_is_skipped():
    pipeline = of_matches(LossChoice(), accumulate=4)
    assert _skipped(pipeline, examples=3) == "3 examples cannot be cut into 4 batches"

    def endless(task, outputs, batch):
        loss = task.loss(outputs, batch)
        return loss._replace(total=loss.total * math.inf)

    assert _skipped(replace(pipeline, task=WithLoss(pipeline.task, endless))) == "the loss is not a finite number"
