"""The conformance of tasks finds tasks that do not conform."""

from dataclasses import replace

import pytest
import torch

from kilter.tasks.classification import Classification
from kilter.testing import tasks as suite
from kilter.testing.healthy.tasks import HEALTHY_TASKS
from kilter.testing.planted.tasks import WithLoss, averaged, negated, summed

CLASSES = HEALTHY_TASKS[0]


def planted(change):
    """The first healthy task with its loss changed."""
    return replace(CLASSES, make=lambda column, ids: WithLoss(CLASSES.make(column, ids), change))


def test_an_average_and_a_sum_without_weights_do_not_add_up():
    for change in (averaged, summed):
        with pytest.raises(AssertionError, match=r"halves have a|no losses of examples"):
            suite.adds_up(planted(change))


def test_a_loss_of_another_sign_does_not_begin_at_chance():
    with pytest.raises(AssertionError, match="zero outputs lose"):
        suite.begins_at_chance(planted(negated))


def test_a_row_without_target_must_not_be_passed_over():
    with pytest.raises(AssertionError, match="a missing target was passed over"):
        suite.refuses_missing(replace(CLASSES, missing=CLASSES.column))


def test_another_description_is_told():
    class Forgetful:
        def __init__(self, task):
            self.task = task

        def __getattr__(self, name):
            return getattr(self.task, name)

        def describe(self):
            return Classification(labels=("x", "y")).describe()

    with pytest.raises(AssertionError, match="another task comes back"):
        suite.comes_back(replace(CLASSES, make=lambda column, ids: Forgetful(CLASSES.make(column, ids))))


@pytest.mark.parametrize("said", [("accuracy",), ("macro_f1", "accuracy"), ()])
def test_scores_under_other_names_are_told(said):
    class Misnamed:
        scores = said

        def __init__(self, task):
            self.task = task

        def __getattr__(self, name):
            return getattr(self.task, name)

    with pytest.raises(AssertionError, match="it says that it gives the scores"):
        suite.measures(replace(CLASSES, make=lambda column, ids: Misnamed(CLASSES.make(column, ids))))


def test_outputs_are_a_model_of_their_own():
    single, several = torch.randn(3, 2), {"left": torch.randn(3, 2), "right": torch.randn(3, 2)}

    assert torch.equal(suite.Fixed(single)(), single)
    assert list(suite.Fixed(several)()) == ["left", "right"]
