"""Parameters on the way to the loss."""

from functools import partial

import pytest

from kilter.checks.preflight.gradients import Gradients
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.networks import Perceptron, Residual, Transfer
from kilter.testing.planted.networks import Cut, Dead, Decided, Detached, Unused
from kilter.values.finding import Severity


def examined(make_model, **options):
    return list(Gradients().examine(over_numbers(make_model, **options)))


def test_a_layer_that_is_never_called_is_unused():
    (finding,) = examined(partial(Unused, 6, 3))
    assert finding.causes[0] == "unused_layer"
    assert finding.where == ("forgotten.weight", "forgotten.bias")


def test_a_layer_that_is_called_and_cut_off_is_detached():
    (finding,) = examined(partial(Cut, 6, 3))
    assert finding.causes[0] == "detached_graph"
    assert finding.where == ("trunk.weight", "trunk.bias")


def test_an_argmax_cuts_what_is_before_it():
    (finding,) = examined(partial(Decided, 6, 3))
    assert finding.where == ("choice.weight", "choice.bias")


def test_units_that_never_speak_have_gradients_of_zero():
    (finding,) = examined(partial(Dead, 6, 3))
    assert finding.causes[0] == "dead_relu"
    assert "hidden.weight" in finding.where


@pytest.mark.parametrize(
    ("make_model", "cause"),
    [
        (partial(Detached, 6, 3), "loss_detached"),
        (lambda: Perceptron(6, 3).requires_grad_(False), "unintended_frozen_layer"),
    ],
)
def test_nothing_that_is_reached_is_a_failure(make_model, cause):
    (finding,) = examined(make_model)
    assert finding.severity is Severity.FAILURE
    assert finding.causes[0] == cause


@pytest.mark.parametrize("make_model", [partial(Residual, 6, 3), partial(Perceptron, 6, 3, norm="batch")])
def test_what_starts_at_zero_and_what_a_norm_hides_is_silent(make_model):
    assert examined(make_model) == []


def test_frozen_parameters_do_not_ask():
    assert examined(partial(Transfer, 6, 3)) == []
