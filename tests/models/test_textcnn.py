import pytest
import torch

from kilter.values.errors import RecipeError

from .conftest import texts
from .readers import begins_near_chance, is_blind_to_padding, survives_empty_texts, teaches_every_parameter


def test_padding_and_neighbours_do_not_count(made):
    is_blind_to_padding(made("textcnn"))


def test_empty_texts(made):
    survives_empty_texts(made("textcnn"))


def test_every_parameter_learns(made):
    teaches_every_parameter(made("textcnn"), texts())


def test_first_answers(made):
    begins_near_chance(made("textcnn"), texts())


def test_a_detector_sees_where_a_phrase_stands(made):
    model, given = made("textcnn"), texts(rows=1)
    turned = {"tokens": given["tokens"].flip(1), "mask": given["mask"]}
    assert not torch.allclose(model(**turned), model(**given))


def test_no_detector_is_refused(made):
    with pytest.raises(RecipeError, match=r"widths = \(\): one or more are legal"):
        made("textcnn", widths=[])
