import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kilter.models.catalogue import make_factory
from kilter.models.cnn import ResidualMaps
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice

from .conftest import IMAGE
from .readers import begins_near_chance, teaches_every_parameter


@settings(max_examples=15)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40))
def test_images_of_any_size(channels, height, width):
    model = make_factory(ModelChoice(name="cnn", widths=[4, 8, 8]), Inputs(image=(channels, height, width)), 5)()
    assert model(image=torch.randn(2, channels, height, width)).shape == (2, 5)


def test_no_image_depends_on_the_others(made):
    model, images = made("cnn", IMAGE), torch.randn(4, 1, 28, 28)
    torch.testing.assert_close(model.train().eval()(image=images)[:1], model(image=images[:1]))


@pytest.mark.parametrize("normalisation", ["group", "batch", "none"])
@pytest.mark.parametrize("residual", [True, False])
def test_every_parameter_learns(made, normalisation, residual):
    model = made("cnn", IMAGE, normalisation=normalisation, residual=residual)
    teaches_every_parameter(model, {"image": torch.randn(4, 1, 28, 28)})


@pytest.mark.parametrize("residual", [True, False])
def test_first_answers(made, residual):
    begins_near_chance(made("cnn", IMAGE, residual=residual), {"image": torch.randn(4, 1, 28, 28)})


def test_a_residual_block_that_adds_nothing_passes_on_what_it_is_given():
    block = ResidualMaps(8, 3, "none")
    torch.nn.init.zeros_(block.block[-2].weight)
    torch.nn.init.zeros_(block.block[-2].bias)
    maps = torch.rand(2, 8, 5, 5)
    assert torch.equal(block(maps), maps)


def test_even_kernels_are_refused(made):
    with pytest.raises(RecipeError, match="kernel = 4"):
        made("cnn", IMAGE, kernel=4)
