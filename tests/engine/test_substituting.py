import torch
from torch import nn

from kilter.engine.substituting import answering, answering_inside, givers, with_answer


def test_a_model_answers_what_it_is_told_and_then_as_ever():
    model = nn.Linear(2, 2)
    x = torch.ones(1, 2)
    before = model(x)
    with answering(model, "an answer"):
        assert model(x) == "an answer"

    assert torch.equal(model(x), before)
    assert "forward" not in vars(model)


def test_a_part_answers_and_the_others_compute():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with answering_inside(model[0], torch.tensor([[-1.0, 3.0]])):
        assert model(torch.ones(1, 2)).tolist() == [[0.0, 3.0]]


def test_the_innermost_giver_is_noted():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    with givers(model) as noted:
        given = model(torch.ones(1, 2))

    assert noted[id(given)][1] is model[0][0]


def test_one_tensor_of_an_answer_is_replaced():
    old = torch.zeros(2)
    answer = with_answer({"logits": old, "rest": (torch.ones(1), "text")}, old, torch.ones(2))

    assert answer["logits"].tolist() == [1.0, 1.0]
    assert answer["rest"][1] == "text"
