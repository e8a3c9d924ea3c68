import pytest
import torch
from torch import nn

from kilter.models.own import own_builder
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form


class Pixels(nn.Module):
    """A person's own model, which asks for some of the sizes."""

    def __init__(self, image, outputs, form, width=4):
        super().__init__()
        self.seen = (image, outputs, form, width)


def anything(**sizes):
    """A builder that takes all that it is given."""
    return sizes


HERE = "tests.models.test_own:"
IMAGE = Inputs(image=(1, 8, 8), texts=2)


def test_it_gets_the_sizes_that_it_names():
    model = own_builder(ModelChoice(name=f"{HERE}Pixels", width=6), IMAGE, 5, Form.TOKEN)
    assert model(width=6).seen == ((1, 8, 8), 5, Form.TOKEN, 6)


def test_one_that_takes_anything_is_given_what_the_file_says():
    build = own_builder(ModelChoice(name=f"{HERE}anything", depth=3), IMAGE, 5, Form.ROW)
    assert build(depth=3) == {"depth": 3}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ModelChoice(name="nowhere.at_all:thing"), "cannot be imported: ModuleNotFoundError"),
        (ModelChoice(name=f"{HERE}Nothing"), "cannot be imported: AttributeError"),
        (ModelChoice(name=f"{HERE}Pixels", widht=3), "model.widht: unknown; did you mean 'width'"),
    ],
)
def test_what_cannot_be_is_said(choice, said):
    with pytest.raises(RecipeError, match=said):
        own_builder(choice, IMAGE, 5, Form.ROW)


def test_it_is_made_as_it_is():
    """A person's own weights are not drawn again."""
    torch.manual_seed(0)
    before = nn.Linear(3, 2).weight
    torch.manual_seed(0)
    made = own_builder(ModelChoice(name="torch.nn:Linear"), IMAGE, 2, Form.ROW)(in_features=3, out_features=2)
    assert torch.equal(made.weight, before)
