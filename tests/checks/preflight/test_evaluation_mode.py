"""Evaluation twice."""

from functools import partial

import pytest

from kilter.checks.preflight.evaluation_mode import EvaluationMode
from kilter.testing.healthy.pipelines import over_images, over_numbers
from kilter.testing.networks import Perceptron
from kilter.testing.planted.networks import AlwaysDropping, Counting
from kilter.values.finding import Severity


def test_outputs_that_are_drawn_are_found():
    (finding,) = EvaluationMode().examine(over_numbers(partial(AlwaysDropping, 6, 3)))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["change"] > 0.01


def test_a_tensor_that_is_written_to_is_named():
    findings = list(EvaluationMode().examine(over_numbers(partial(Counting, 6, 3))))
    assert findings[0].where == ("mean",)
    assert findings[0].causes[0] == "eval_in_train_mode"


@pytest.mark.parametrize("options", [{"norm": "batch"}, {"dropout": 0.5}])
def test_what_changes_in_training_only_is_silent(options):
    assert list(EvaluationMode().examine(over_numbers(partial(Perceptron, 6, 3, **options)))) == []
    assert list(EvaluationMode().examine(over_images())) == []
