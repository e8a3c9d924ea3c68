import pytest
import torch

from kilter.models.mlp import Residual

from .conftest import IMAGE, TABLE
from .readers import begins_near_chance, teaches_every_parameter


def rows(count=6):
    categories = torch.stack([torch.randint(0, 4, (count,)), torch.randint(0, 7, (count,))], dim=1)
    return {"numbers": torch.randn(count, 5), "categories": categories}


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh", "reglu", "swiglu"])
def test_every_parameter_learns(made, residual, activation):
    model = made("mlp", TABLE, residual=residual, activation=activation, width=16)
    begins_near_chance(model, rows())
    teaches_every_parameter(model, rows())


@pytest.mark.parametrize("normalisation", ["layer", "rms", "none"])
def test_residual_layers_by_their_norm(made, normalisation):
    teaches_every_parameter(made("mlp", TABLE, residual=True, normalisation=normalisation, width=16), rows())


def test_a_residual_layer_that_adds_nothing_passes_on_what_it_is_given():
    block, features = Residual(8, "gelu", 0.0), torch.randn(3, 8)
    torch.nn.init.zeros_(block.block[-2].weight)
    torch.nn.init.zeros_(block.block[-2].bias)
    assert torch.equal(block(features), features)


def test_without_hidden_layers_it_is_linear(made):
    model, given = made("mlp", TABLE, depth=0), rows()
    doubled = {**given, "numbers": 2 * given["numbers"]}
    none = {**given, "numbers": 0 * given["numbers"]}
    torch.testing.assert_close(model(**doubled) - model(**given), model(**given) - model(**none))


def test_images_are_taken_pixel_by_pixel(made):
    assert made("mlp", IMAGE)(image=torch.randn(2, 1, 28, 28)).shape == (2, 3)
