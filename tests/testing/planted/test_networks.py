"""The planted networks are those of the catalogue, and each can at least be called."""

import inspect

import pytest
import torch
from torch import nn

from kilter.testing.planted import networks

NETWORKS = [kind for _, kind in inspect.getmembers(networks, inspect.isclass) if kind.__module__ == networks.__name__]
INPUTS = {
    "numbers": torch.randn(5, 6),
    "tokens": torch.randint(1, 9, (5, 7)),
    "mask": torch.ones(5, 7, dtype=torch.bool),
    "categories": torch.zeros(5, 1, dtype=torch.int64),
}


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.__name__)
def test_a_faulty_network_answers_in_the_right_shape_all_the_same(kind):
    options = {"last": nn.Tanh()} if kind is networks.Ending else {}
    given = (6, 9, 3) if kind is networks.HalfDeaf else (9 if "tokens" in _asked(kind) else 6, 3)
    outputs = kind(*given, **options)(**{name: INPUTS[name] for name in _asked(kind)})
    assert outputs.shape == (5, 3)


def _asked(kind):
    return [name for name in inspect.signature(kind.forward).parameters if name != "self"]
