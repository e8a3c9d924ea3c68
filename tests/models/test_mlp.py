import pytest
import torch

from .conftest import IMAGE, TABLE
from .readers import begins_near_chance, teaches_every_parameter


def rows(count=6):
    categories = torch.stack([torch.randint(0, 4, (count,)), torch.randint(0, 7, (count,))], dim=1)
    return {"numbers": torch.randn(count, 5), "categories": categories}


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh"])
def test_every_parameter_learns(made, residual, activation):
    model = made("mlp", TABLE, residual=residual, activation=activation, width=16)
    begins_near_chance(model, rows())
    teaches_every_parameter(model, rows())


def test_without_hidden_layers_it_is_linear(made):
    model, given = made("mlp", TABLE, depth=0), rows()
    doubled = {**given, "numbers": 2 * given["numbers"]}
    none = {**given, "numbers": 0 * given["numbers"]}
    torch.testing.assert_close(model(**doubled) - model(**given), model(**given) - model(**none))


def test_images_are_taken_pixel_by_pixel(made):
    assert made("mlp", IMAGE)(image=torch.randn(2, 1, 28, 28)).shape == (2, 3)
