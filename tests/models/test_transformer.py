import pytest
import torch

from kilter.values.errors import RecipeError

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
