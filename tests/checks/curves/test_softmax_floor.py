"""The floor of a softmax within a softmax."""

import math

import numpy as np
import pytest
import torch

from kilter.checks.curves.softmax_floor import SoftmaxFloor
from kilter.testing.healthy.histories import falling, series
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.finding import Skipped


def findings(losses, **options):
    return [said for said in SoftmaxFloor(**options).examine(series(losses)) if not isinstance(said, Skipped)]


def resting(classes, above=1e-5, count=200):
    """From guessing down to so much above the floor."""
    floor = math.log(math.e + classes - 1) - 1
    return floor + above + (math.log(classes) - floor) * np.exp(-np.arange(count) / 15)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_the_floor_is_that_of_torch(classes):
    sure = torch.nn.functional.one_hot(torch.arange(classes), classes).float()
    lowest = float(torch.nn.functional.cross_entropy(sure, torch.arange(classes)))
    (finding,) = findings(resting(classes), classes=classes)
    assert finding.evidence["floor"] == pytest.approx(lowest, abs=1e-6)


def test_the_number_of_classes_is_seen_in_the_first_loss():
    losses = resting(10)
    losses[0] = math.log(10)
    (finding,) = findings(losses)
    assert finding.evidence["classes"] == 10
    losses[0] = 2.2
    assert findings(losses) == []


def test_a_loss_that_passes_by_is_silent():
    floor = math.log(math.e + 9) - 1
    assert findings(np.linspace(math.log(10), floor + 1e-4, 100), classes=10) == []


def test_a_loss_below_the_floor_or_far_above_it_is_silent():
    assert findings(resting(10, above=-0.05), classes=10) == []
    assert findings(resting(10, above=0.2), classes=10) == []
    assert findings(resting(10), classes=5) == []


def test_other_tasks_and_few_losses_are_skipped():
    assert isinstance(next(SoftmaxFloor(classes=10, task="regression").examine(series(resting(10)))), Skipped)
    assert isinstance(next(SoftmaxFloor(classes=10).examine(series([1.0] * 3))), Skipped)


def test_a_loss_that_begins_above_guessing_was_weighted():
    floor = math.log(math.e + 1) - 1
    accuracy = {"accuracy": lambda _: 0.92}

    def said(start):
        history = by_epoch(falling(start, floor + 0.03, 30), falling(start, floor + 0.08, 30), scores=accuracy)
        return [f for f in SoftmaxFloor(classes=2).examine(history) if not isinstance(f, Skipped)]

    assert len(said(0.69)) == 1
    assert said(1.3) == []
