import math

import pytest
import torch

from kilter.models.catalogue import make_factory
from kilter.models.encoder_decoder import EncoderDecoder
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

V = 17
INPUTS = Inputs(vocabulary=V, longest=9, texts=1, answers=V)


def made(**arguments):
    torch.manual_seed(0)
    return make_factory(ModelChoice(name="encoder-decoder", **arguments), INPUTS, V, Form.TEXT)().eval()


def given(rows=4, *, seed=0, padding=0):
    draw = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 8, (rows,), generator=draw)
    lengths[0] = 7
    mask = torch.arange(7 + padding) < lengths.unsqueeze(1)
    tokens = torch.randint(1, V, (rows, 7), generator=draw)
    answers = torch.randint(1, V, (rows, 5), generator=draw)
    pad = torch.nn.functional.pad
    return {"tokens": pad(tokens, (0, padding)) * mask, "mask": mask, "answers": pad(answers, (0, padding))}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layers", [1, 2])
def test_answers_do_not_depend_on_padding_or_on_other_rows(seed, layers):
    model, batch = made(layers=layers), given(seed=seed)
    answers = model(**batch)
    torch.testing.assert_close(model(**given(seed=seed, padding=4))[:, :5], answers, rtol=1e-4, atol=1e-5)
    length = int(batch["mask"][1].sum())
    alone = model(batch["tokens"][1:2, :length], batch["mask"][1:2, :length], batch["answers"][1:2])
    torch.testing.assert_close(alone, answers[1:2], rtol=1e-4, atol=1e-5)


def test_an_answer_does_not_depend_on_its_later_tokens():
    model, batch = made(), given()
    answers = model(**batch)
    for place in range(5):
        changed = batch["answers"].clone()
        changed[:, place + 1 :] = changed[:, place + 1 :] % (V - 1) + 1
        later = model(**{**batch, "answers": changed})
        torch.testing.assert_close(later[:, : place + 1], answers[:, : place + 1], rtol=1e-4, atol=1e-5)


def test_an_answer_depends_on_every_token_that_is_answered():
    model, batch = made(), given(rows=1)
    answers = model(**batch)
    for place in range(7):
        changed = batch["tokens"].clone()
        changed[:, place] = changed[:, place] % (V - 1) + 1
        assert not torch.allclose(model(**{**batch, "tokens": changed}), answers, rtol=0, atol=1e-7)


def test_it_begins_near_chance_and_teaches_every_parameter():
    model = made()
    answers = model(**given())
    assert answers.shape == (4, 5, V)
    assert -answers.log_softmax(dim=-1).mean().item() == pytest.approx(math.log(V), rel=0.05)
    torch.autograd.backward(answers.square().sum())
    assert [key for key, parameter in model.named_parameters() if parameter.grad is None] == []


def test_an_empty_text_has_finite_answers_and_gradients():
    model, batch = made().train(), given()
    batch["mask"][2], batch["tokens"][2] = False, 0
    answers = model(**batch)
    torch.autograd.backward(answers.square().sum())
    assert answers.isfinite().all()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_looking_back_agrees_with_its_definition():
    model, batch = made(), given(rows=2, seed=1)
    states, read = torch.randn(2, 5, 128), torch.randn(2, 7, 128)
    looked = model.looked_back(states, read, batch["mask"])
    for row in range(2):
        there = batch["mask"][row]
        for place in range(5):
            fit = read[row][there] @ model.query(states[row, place]) / math.sqrt(128)
            expected = fit.softmax(dim=0) @ read[row][there]
            torch.testing.assert_close(looked[row, place], expected, rtol=1e-4, atol=1e-5)


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match="two directions share it"):
        EncoderDecoder(INPUTS, V, width=31)
