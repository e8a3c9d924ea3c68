"""Gradients are taken in the engine only."""

import pytest

from rules.gradients import breaches
from rules.source import Source, forbid

TAKEN = [
    "loss.backward()",
    "def probe(loss):\n    loss.total.sum().backward(retain_graph=True)",
    "import torch\ntorch.autograd.grad(loss, inputs)",
    "import torch\ntorch.autograd.backward([loss])",
    "from torch import autograd\nautograd.grad(loss, inputs)",
    "from torch.autograd import grad",
]


def test_the_package_takes_gradients_in_the_engine(package):
    forbid(breaches(package))


@pytest.mark.parametrize("text", TAKEN)
def test_a_planted_breach_is_caught(text):
    assert len(list(breaches([Source("kilter/checks/preflight/gradients.py", text)]))) == 1


@pytest.mark.parametrize("text", TAKEN)
def test_the_engine_is_let_through(text):
    assert list(breaches([Source("kilter/engine/step.py", text)])) == []


def test_a_program_as_people_write_it_is_let_through():
    assert list(breaches([Source("kilter/testing/programs/steps.py", "loss.backward()")])) == []
    assert len(list(breaches([Source("kilter/testing/networks.py", "loss.backward()")]))) == 1


def test_reading_a_gradient_is_let_through():
    assert list(breaches([Source("kilter/checks/preflight/moves.py", "norm = weight.grad.norm()")])) == []
