"""Operations counted against those that can be worked out by hand."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from kilter.engine import flops
from kilter.engine.flops import count_flops
from kilter.engine.seeding import fresh_model
from kilter.testing.state import random_states
from kilter.values.batch import Batch

ROWS, WORDS, WIDTH, HEADS = 6, 5, 8, 2


def batch_of(numbers):
    return Batch(
        inputs={"numbers": numbers},
        target=torch.arange(len(numbers)) % 3,
        weight=torch.ones(len(numbers)),
        ids=tuple(map(str, range(len(numbers)))),
    )


@pytest.fixture
def counted(make_pipeline):
    def count(make_model, *shape):
        pipeline = replace(make_pipeline(), make_model=make_model)
        return count_flops(pipeline, fresh_model(pipeline, 0), batch_of(torch.randn(ROWS, *shape)))

    return count


class Network(nn.Module):
    """Something over sequences, averaged, and three classes."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.out = inner, nn.Linear(WIDTH, 3)

    def forward(self, numbers):
        inner = self.inner(numbers)
        return self.out((inner[0] if isinstance(inner, tuple) else inner).mean(1))


HEAD = 2 * ROWS * WIDTH * 3 * 3
"""Of the classes: forward, the gradient of the weights, that of what was put in."""


def test_a_network_of_layers_costs_what_it_multiplies(make_pipeline):
    pipeline = make_pipeline()
    model = fresh_model(pipeline, 0)
    first, second = 2 * ROWS * 4 * 16, 2 * ROWS * 16 * 3
    # Of the first layer nobody asks for the gradient of the inputs
    assert count_flops(pipeline, model, batch_of(torch.randn(ROWS, 4))) == 2 * first + 3 * second


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_recurrent_cells_are_counted(counted, kind, gates):
    cells = 2 * ROWS * WORDS * gates * WIDTH * (WIDTH + WIDTH)
    found = counted(lambda: Network(kind(WIDTH, WIDTH, batch_first=True)), WORDS, WIDTH)
    assert found - HEAD == pytest.approx(3 * cells, rel=0.25)  # some kernels leave out the first state's gradient


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.projections = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, numbers):
        parts = self.projections(numbers).view(ROWS, WORDS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        return functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)


def test_attention_is_counted(counted):
    projections = 2 * ROWS * WORDS * WIDTH * 3 * WIDTH
    attention = 2 * 2 * ROWS * WORDS * WORDS * WIDTH
    found = counted(lambda: Network(Attending()), WORDS, WIDTH)
    # Forward two products; back four, and one more where the shares are computed again
    assert found - HEAD - 2 * projections in {3 * attention, 3.5 * attention}


def test_fused_cells_of_a_gpu_cost_what_their_matrices_do():
    weights = [(16, 4), (16, 4), (16,), (16,)]
    kernels = torch.ops.aten
    forward = flops.FORMULAS[kernels._cudnn_rnn]  # noqa: SLF001 - torch calls it so
    back = flops.FORMULAS[kernels._cudnn_rnn_backward]  # noqa: SLF001
    assert forward((5, 6, 4), weights) == 2 * 30 * 2 * 64
    assert back((5, 6, 4), weights) == 2 * 2 * 30 * 2 * 64


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.drop, self.out = nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3)

    def forward(self, numbers):
        return self.out(self.drop(self.norm(numbers)))


def test_nothing_of_the_training_hangs_on_it(make_pipeline):
    pipeline = replace(make_pipeline(), make_model=Normed)
    model = fresh_model(pipeline, 0)
    model.norm.running_mean += 1
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    batch, randomness = batch_of(torch.randn(ROWS, 4)), random_states()
    count_flops(pipeline, model, batch)
    assert random_states() == randomness
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


def test_a_model_that_fails_leaves_its_buffers_as_they_were(make_pipeline):
    class Failing(Normed):
        def forward(self, numbers):
            super().forward(numbers)
            raise RuntimeError("no more")

    pipeline = replace(make_pipeline(), make_model=Failing)
    model = fresh_model(pipeline, 0)
    with pytest.raises(RuntimeError, match="no more"):
        count_flops(pipeline, model, batch_of(torch.randn(ROWS, 4)))
    assert model.norm.running_mean.tolist() == [0.0] * 4
