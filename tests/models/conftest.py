"""Sizes and batches for the models."""

import numpy as np
import pytest
import torch

from kilter.models.catalogue import MODELS, make_factory
from kilter.testing.padding import small_sizes
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

TEXT = Inputs(vocabulary=40, longest=12)
TABLE = Inputs(numbers=5, categories=(4, 7))
IMAGE = Inputs(image=(1, 28, 28))


def texts(rows: int = 6, length: int = 9, *, padding: int = 0, seed: int = 0):
    """Texts of 0 to `length` tokens, padded to the right by at least `padding` places."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, length + 1, rows)
    lengths[0] = length
    tokens = torch.zeros(rows, length + padding, dtype=torch.int64)
    mask = torch.zeros(rows, length + padding, dtype=torch.bool)
    for row, size in enumerate(lengths):
        tokens[row, :size] = torch.from_numpy(draw.integers(1, 40, size))
        mask[row, :size] = True
    return {"tokens": tokens, "mask": mask}


def sizes(name, form):
    """Small sizes of inputs that a model of the catalogue takes where it answers in that form, and its outputs."""
    return small_sizes(MODELS[name], form)


@pytest.fixture
def made():
    """A model by name over sizes, in evaluation mode, from seed 0."""

    def make(name, inputs=TEXT, outputs=3, *, form=None, **arguments):
        torch.manual_seed(0)
        form = form or (MODELS[name].forms[0] if name in MODELS else Form.ROW)
        return make_factory(ModelChoice(name=name, **arguments), inputs, outputs, form)().eval()

    return make
