"""What every model of texts must hold; each model's test file says it of its own."""

import math

import pytest
import torch

from .conftest import texts


def is_blind_to_padding(model) -> None:
    """Answers are the same whatever the padding and whoever else stands in the batch."""
    for seed in range(3):
        short = texts(seed=seed)
        answers = model(**short)
        torch.testing.assert_close(model(**texts(seed=seed, padding=7)), answers, rtol=1e-4, atol=1e-5)
        length = int(short["mask"][1].sum())
        alone = model(tokens=short["tokens"][1:2, :length], mask=short["mask"][1:2, :length])
        torch.testing.assert_close(alone, answers[1:2], rtol=1e-4, atol=1e-5)


def survives_empty_texts(model) -> None:
    """A text without tokens has finite answers and gives finite gradients."""
    given = texts()
    given["mask"][2] = False
    given["tokens"][2] = 0
    answers = model.train()(**given)
    torch.autograd.backward(answers.square().sum())
    assert torch.isfinite(answers).all()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters() if parameter.grad is not None)


def teaches_every_parameter(model, given) -> None:
    """Each parameter lies on the way to the answers."""
    torch.autograd.backward(model(**given).square().sum())
    unused = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert unused == []


def begins_near_chance(model, given) -> None:
    """A fresh model knows nothing: over all targets alike, its cross-entropy is that of chance, log k, but for 5 %."""
    answers = model(**given)
    loss = -answers.log_softmax(dim=1).mean().item()
    assert loss == pytest.approx(math.log(answers.shape[1]), rel=0.05)
