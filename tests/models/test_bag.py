import torch

from .conftest import texts
from .readers import begins_near_chance, is_blind_to_padding, survives_empty_texts, teaches_every_parameter


def test_padding_and_neighbours_do_not_count(made):
    is_blind_to_padding(made("bag"))


def test_empty_texts(made):
    survives_empty_texts(made("bag"))


def test_every_parameter_learns(made):
    teaches_every_parameter(made("bag"), texts())


def test_first_answers(made):
    begins_near_chance(made("bag"), texts())


def test_the_order_of_tokens_does_not_count(made):
    model, given = made("bag", hidden=8), texts(rows=1)
    turned = {"tokens": given["tokens"].flip(1), "mask": given["mask"]}
    torch.testing.assert_close(model(**turned), model(**given))


def test_against_its_formula(made):
    model, given = made("bag"), texts()
    embedded = model.embedding(given["tokens"]) * given["mask"].unsqueeze(-1)
    pooled = embedded.sum(1) / given["mask"].sum(1, keepdim=True).sqrt()
    torch.testing.assert_close(model(**given), model.output(pooled))
