import math

import pytest
import torch

from kilter.models.catalogue import make_factory
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

VOCABULARY = 23
INPUTS = Inputs(vocabulary=VOCABULARY, longest=12, texts=1)
KINDS = ("lm-lstm", "lm-gru", "lm-transformer")


def made(name, **arguments):
    torch.manual_seed(0)
    return make_factory(ModelChoice(name=name, **arguments), INPUTS, VOCABULARY, Form.NEXT)().eval()


def tokens(rows=3, length=10, seed=0):
    return torch.randint(1, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_an_answer_does_not_depend_on_later_tokens(name, seed):
    model, text = made(name), tokens(seed=seed)
    answers = model(tokens=text)
    for place in range(text.shape[1]):
        changed = text.clone()
        changed[:, place + 1 :] = changed[:, place + 1 :] % (VOCABULARY - 1) + 1
        torch.testing.assert_close(model(tokens=changed)[:, : place + 1], answers[:, : place + 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_an_answer_does_depend_on_each_earlier_token(name):
    model, text = made(name), tokens(rows=1, length=6)
    answers = model(tokens=text)
    for place in range(6):
        changed = text.clone()
        changed[:, place] = changed[:, place] % (VOCABULARY - 1) + 1
        assert not torch.equal(model(tokens=changed)[:, -1], answers[:, -1])


@pytest.mark.parametrize("name", KINDS)
def test_answers_do_not_depend_on_padding_or_on_other_rows(name):
    model, text = made(name), tokens()
    answers = model(tokens=text)
    padded = torch.nn.functional.pad(text, (0, 7))
    torch.testing.assert_close(model(tokens=padded)[:, :10], answers, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(tokens=text[1:2]), answers[1:2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_it_begins_near_chance_and_teaches_every_parameter(name):
    model, text = made(name), tokens()
    answers = model(tokens=text)
    assert answers.shape == (3, 10, VOCABULARY)
    assert -answers.log_softmax(dim=-1).mean().item() == pytest.approx(math.log(VOCABULARY), rel=0.05)
    torch.autograd.backward(answers.square().sum())
    assert [key for key, parameter in model.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("name", KINDS)
def test_it_learns_a_text_by_heart(name):
    model, text = made(name, dropout=0.0).train(), tokens(rows=1, length=20)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(60):
        logits = model(tokens=text[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert loss.item() < 0.1


def test_layers_lie_one_over_the_other():
    model = made("lm-lstm", layers=3, width=8, embedding=4)
    assert [layer.input_size for layer in model.layers] == [4, 8, 8]
