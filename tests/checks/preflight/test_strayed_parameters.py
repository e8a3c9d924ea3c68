"""Leaves of the graph that the model does not know."""

from functools import partial

import pytest
import torch

from kilter.checks.preflight.strayed_parameters import StrayedParameters
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.networks import Tied, Transfer
from kilter.testing.planted.networks import Detached, Listed, MadeAnew
from kilter.values.finding import Severity


def examined(make_model=None, **options):
    return list(StrayedParameters().examine(over_numbers(make_model, **options)))


def test_layers_in_a_list_are_not_registered():
    (finding,) = examined(partial(Listed, 6, 3))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "unregistered_module"
    assert finding.evidence == {"tensors": 4, "numbers": 6 * 32 + 32 + 32 * 32 + 32, "the same in the next pass": 4}


def test_a_layer_that_is_made_in_the_forward_pass_is_another_one_each_time():
    (finding,) = examined(partial(MadeAnew, 6, 3))
    assert finding.causes[0] == "layer_created_in_forward"
    assert finding.evidence["the same in the next pass"] == 0


def test_a_tensor_outside_the_model_is_found():
    loose = torch.ones(3, requires_grad=True)
    (finding,) = examined(forward=lambda model, batch: model(**batch.inputs) * loose)
    assert finding.evidence["numbers"] == 3


@pytest.mark.parametrize("make_model", [None, partial(Tied, 6, 3), partial(Transfer, 6, 3), partial(Detached, 6, 3)])
def test_known_parameters_and_no_graph_are_silent(make_model):
    assert examined(make_model) == []
