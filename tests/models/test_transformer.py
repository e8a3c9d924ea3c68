import pytest
import torch

from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.task import Form

from .conftest import texts
from .readers import begins_near_chance, is_blind_to_padding, survives_empty_texts, teaches_every_parameter


def test_padding_and_neighbours_do_not_count(made):
    is_blind_to_padding(made("transformer"))


def test_empty_texts(made):
    survives_empty_texts(made("transformer"))


def test_every_parameter_learns(made):
    teaches_every_parameter(made("transformer"), texts())


def test_first_answers(made):
    begins_near_chance(made("transformer"), texts())


def test_positions_count(made):
    model, given = made("transformer"), texts(rows=1)
    turned = {"tokens": given["tokens"].flip(1), "mask": given["mask"]}
    assert not torch.allclose(model(**turned), model(**given))


def test_a_text_longer_than_any_in_training_has_an_answer(made):
    assert torch.isfinite(made("transformer")(**texts(length=30))).all()


def test_heads_share_the_width(made):
    with pytest.raises(RecipeError, match="width = 96 with heads = 5"):
        made("transformer", heads=5)


POOLINGS = ["mean", "sum", "max", "first", "final", "attention"]


@pytest.mark.parametrize(
    "arguments",
    [
        *({"pooling": name} for name in POOLINGS),
        {"norm": "post"},
        {"normalisation": "rms", "activation": "swiglu"},
        {"normalisation": "none", "initialisation": "dt_fixup"},
    ],
)
def test_every_choice_is_blind_to_padding(made, arguments):
    is_blind_to_padding(made("transformer", **arguments))
    survives_empty_texts(made("transformer", **arguments))
    teaches_every_parameter(made("transformer", **arguments), texts())


def test_the_column_of_a_token_counts(made):
    model, given = made("transformer", Inputs(vocabulary=40, longest=12, texts=2)), texts()
    first, second = torch.zeros_like(given["tokens"]), torch.ones_like(given["tokens"])
    assert not torch.allclose(model(**given, segments=first), model(**given, segments=second))
    teaches_every_parameter(model, given | {"segments": second * (torch.arange(9) > 4)})


def test_each_token_is_answered_with_the_columns_of_its_row(made):
    inputs = Inputs(vocabulary=40, longest=12, numbers=2)
    model, given = made("transformer", inputs, form=Form.TOKEN), texts()
    numbers = torch.randn(6, 2)
    answers = model(**given, numbers=numbers)
    assert answers.shape == (6, 9, 3)
    assert (model(**given, numbers=-numbers) != answers).all()
    teaches_every_parameter(model, given | {"numbers": numbers})


def test_no_text_enters_the_blocks_beyond_the_bound(made):
    model, given = made("transformer"), texts(rows=200, length=12)
    states = model.embedding(given["tokens"]) + model.positions(torch.arange(12))
    largest = states.detach().norm(dim=2).max().item()
    assert 0.5 * model.largest_input() < largest <= model.largest_input()
