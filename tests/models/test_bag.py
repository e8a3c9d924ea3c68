import pytest
import torch

from kilter.values.inputs import Inputs

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
    with torch.no_grad():
        model.loudness.normal_()
        model.output.weight.normal_()
    answers = model(**given)
    for row in range(len(answers)):
        ids = given["tokens"][row][given["mask"][row]]
        loud = model.loudness[ids].exp()
        expected = (loud.unsqueeze(1) * model.output.weight[ids]).sum(0) / loud.square().sum().sqrt()
        torch.testing.assert_close(answers[row], expected)


def test_columns_count_beside_the_text(made):
    model = made("bag", Inputs(vocabulary=40, numbers=2, categories=(3,)))
    beside = {"numbers": torch.ones(6, 2), "categories": torch.ones(6, 1, dtype=torch.int64)}
    begins_near_chance(model, {**texts(), **beside})
    teaches_every_parameter(model, {**texts(), **beside})


def test_a_hidden_layer_learns_everywhere(made):
    model = made("bag", hidden=8)
    teaches_every_parameter(model, texts())
    is_blind_to_padding(model)


def test_dropout_leaves_tokens_out(made):
    model, given = made("bag", dropout=0.5).train(), texts(rows=1)
    with torch.no_grad():
        model.output.weight.fill_(1.0)
    assert len({round(model(**given)[0, 0].item(), 4) for _ in range(20)}) > 1
    assert model.eval()(**given)[0, 0].item() == pytest.approx(9**0.5)
