import pytest
import torch

from kilter.models.fttransformer import ColumnTokens
from kilter.values.inputs import Inputs

from .conftest import TABLE
from .readers import begins_near_chance, teaches_every_parameter


def rows(size=6):
    torch.manual_seed(1)
    return {"numbers": torch.randn(size, 5), "categories": torch.stack([torch.arange(size) % k for k in (4, 7)], 1)}


def test_every_parameter_learns(made):
    model = made("fttransformer", TABLE)
    begins_near_chance(model, rows())
    teaches_every_parameter(model, rows())


def test_numbers_or_categories_alone(made):
    for inputs, given in ((Inputs(numbers=5), "numbers"), (Inputs(categories=(4, 7)), "categories")):
        model = made("fttransformer", inputs)
        assert model(**{given: rows()[given]}).shape == (6, 3)
        teaches_every_parameter(model, {given: rows()[given]})


def test_columns_become_tokens():
    torch.manual_seed(0)
    tokens, given = ColumnTokens(TABLE, 8), rows()
    made, start = tokens(**given), tokens.starts.weight
    assert made.shape == (6, 8, 8)
    torch.testing.assert_close(made[3, 0], start[0])
    torch.testing.assert_close(made[3, 2], start[2] + given["numbers"][3, 1] * tokens.slopes.weight[1])
    torch.testing.assert_close(made[3, 7], start[7] + tokens.values.weight[4 + given["categories"][3, 1]])


def test_no_usual_row_enters_the_blocks_beyond_the_bound(made):
    model, given = made("fttransformer", TABLE), rows(500)
    given["numbers"] = given["numbers"].clamp(-3, 3)
    given["categories"] = given["categories"].remainder(torch.tensor([4, 7]))
    largest = model.columns(**given).norm(dim=2).max().detach().item()
    assert 0.3 * model.largest_input() < largest <= model.largest_input()


def test_the_first_norm_is_left_out(made):
    model = made("fttransformer", TABLE)
    assert isinstance(model.blocks[0].attention_norm, torch.nn.Identity)
    assert isinstance(model.blocks[1].attention_norm, torch.nn.LayerNorm)


@pytest.mark.parametrize("how", ["auto", "dt_fixup"])
def test_without_norms(made, how):
    model = made("fttransformer", TABLE, normalisation="none", initialisation=how, layers=4)
    assert torch.isfinite(model(**rows())).all()
