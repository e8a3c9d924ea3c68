"""What the optimizer holds."""

from functools import partial

import torch

from kilter.checks.preflight.optimizer_membership import OptimizerMembership
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.networks import Perceptron, Tied, Transfer
from kilter.testing.planted.pipelines import Twice
from kilter.values.finding import Severity, Skipped


def examined(make_model=None, make_optimizer=None):
    return list(OptimizerMembership().examine(over_numbers(make_model, make_optimizer=make_optimizer)))


def over(choose):
    return lambda model: torch.optim.SGD(choose(dict(model.named_parameters())), lr=0.1)


def test_what_is_missing_is_named_with_its_share():
    (finding,) = examined(make_optimizer=over(lambda named: [named["out.weight"], named["out.bias"]]))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("hidden.weight", "hidden.bias")
    assert "69 % of their numbers" in finding.seen


def test_another_models_parameters_are_a_failure():
    (finding,) = examined(make_optimizer=lambda _: torch.optim.SGD(Perceptron(6, 3).parameters(), lr=0.1))
    assert finding.severity is Severity.FAILURE
    assert finding.causes == ("optimizer_wrong_params",)


def test_strangers_and_doubles_are_told_apart():
    (stranger,) = examined(make_optimizer=over(lambda named: [*named.values(), torch.zeros(2, requires_grad=True)]))
    assert stranger.causes[0] == "optimizer_wrong_params"
    (double,) = examined(make_optimizer=Twice)
    assert double.causes == ("optimizer_duplicate_param",)
    assert double.where == ("hidden.weight",)


def test_tied_weights_are_held_once_and_frozen_ones_are_a_note():
    assert examined(partial(Tied, 6, 3)) == []
    (finding,) = examined(partial(Transfer, 6, 3))
    assert finding.severity is Severity.NOTE
    assert finding.where == ("backbone.0.weight", "backbone.0.bias")


def test_a_model_without_anything_to_train_is_skipped():
    assert isinstance(examined(lambda: Perceptron(6, 3).requires_grad_(False))[0], Skipped)
