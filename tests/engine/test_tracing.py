"""What a batch becomes in each layer."""

from functools import partial

import pytest
import torch
from torch import nn

from kilter.engine.forwarding import forward
from kilter.engine.predicting import evaluating
from kilter.engine.tracing import shapes_of, trace
from kilter.testing.healthy.pipelines import VOCABULARY, over_numbers, over_tokens
from kilter.testing.networks import Attention, Perceptron, Recurrent, Residual, Tied
from kilter.testing.state import random_states


def traced(pipeline):
    torch.manual_seed(0)
    model = pipeline.make_model().train()
    batch = pipeline.splits["train"].plain([0, 1])
    return model, batch, trace(pipeline, model, batch)


def test_layers_stand_in_the_order_in_which_they_return_with_their_shapes():
    _, _, found = traced(over_numbers(partial(Perceptron, 6, 3, dropout=0.5)))
    assert [(layer.name, layer.kind, layer.shapes) for layer in found.layers] == [
        ("hidden", "Linear", ((2, 32),)),
        ("norm", "Identity", ((2, 32),)),
        ("dropout", "Dropout", ((2, 32),)),
        ("out", "Linear", ((2, 3),)),
        ("", "Perceptron", ((2, 3),)),
    ]
    assert [layer.parameters for layer in found.layers] == [6 * 32 + 32, 0, 0, 32 * 3 + 3, 0]


@pytest.mark.parametrize(
    "pipeline",
    [
        over_numbers(partial(Tied, 6, 3)),
        over_tokens(partial(Recurrent, VOCABULARY, 3)),
        over_tokens(partial(Attention, VOCABULARY, 3)),  # its attention holds a layer that is not called by itself
        over_numbers(partial(Residual, 6, 3)),  # it holds parameters of its own
    ],
)
def test_parameters_of_all_layers_are_those_of_the_model(pipeline):
    model, _, found = traced(pipeline)
    assert sum(layer.parameters for layer in found.layers) == sum(p.numel() for p in model.parameters())


def test_outputs_are_those_of_evaluation_and_nothing_is_left_behind():
    pipeline = over_numbers(partial(Perceptron, 6, 3, dropout=0.5))
    model = pipeline.make_model().train()
    batch = pipeline.splits["train"].plain([0, 1])
    before = random_states()
    found = trace(pipeline, model, batch)
    assert random_states() == before
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())  # noqa: SLF001 - where torch keeps them
    with evaluating(model):
        assert torch.equal(found.outputs, forward(pipeline, model, batch))


def test_hooks_are_gone_even_where_the_model_fails():
    def broken(model, batch):
        model(**batch.inputs)
        raise RuntimeError

    pipeline = over_numbers(forward=broken)
    model = pipeline.make_model()
    with pytest.raises(RuntimeError):
        trace(pipeline, model, pipeline.splits["train"].plain([0]))
    assert not any(module._forward_hooks for module in model.modules())  # noqa: SLF001 - where torch keeps them


def test_a_layer_that_is_called_in_turn_stands_once_with_its_count():
    class Thrice(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Linear(6, 6)
            self.out = nn.Linear(6, 3)

        def forward(self, numbers):
            for _ in range(3):
                numbers = self.cell(numbers)
            return self.out(numbers)

    _, _, found = traced(over_numbers(Thrice))
    assert [(layer.name, layer.times) for layer in found.layers] == [("cell", 3), ("out", 1), ("", 1)]


def test_shapes_of_whatever_a_layer_gives():
    packed = nn.utils.rnn.pack_sequence([torch.zeros(3, 2), torch.zeros(1, 2)])
    assert shapes_of({"a": torch.zeros(2), "b": (packed, None)}) == ((2,), (4, 2))
    assert shapes_of("nothing") == ()
