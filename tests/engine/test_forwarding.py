import pytest
import torch
from torch import nn

from kilter.engine.forwarding import forward
from kilter.testing.sources import ArraySource
from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline


class ByName(nn.Module):
    def forward(self, mask, tokens):
        return tokens * mask


class One(nn.Module):
    def forward(self, x, scale=1.0):
        return x * scale


class Everything(nn.Module):
    def forward(self, **inputs):
        return sum(inputs.values())


class Asks(nn.Module):
    def forward(self, tokens, lengths):
        return tokens, lengths


@pytest.fixture
def batch():
    inputs = {"tokens": torch.arange(6.0).reshape(2, 3), "mask": torch.ones(2, 3)}
    return ArraySource(inputs, torch.zeros(2).numpy()).plain([0, 1])


def calling(make_pipeline, own=None) -> Pipeline:
    pipeline = make_pipeline()
    return Pipeline(
        task=pipeline.task,
        make_model=pipeline.make_model,
        splits=pipeline.splits,
        recipe=pipeline.recipe,
        forward=own,
    )


def test_inputs_go_by_the_names_of_the_arguments(make_pipeline, batch):
    pipeline = calling(make_pipeline)
    assert torch.equal(forward(pipeline, ByName(), batch), batch.inputs["tokens"])
    assert torch.equal(forward(pipeline, Everything(), batch), batch.inputs["tokens"] + 1)


def test_a_model_of_one_argument_gets_the_first_input(make_pipeline, batch):
    assert torch.equal(forward(calling(make_pipeline), One(), batch), batch.inputs["tokens"])


def test_a_forward_of_ones_own_is_taken(make_pipeline, batch):
    pipeline = calling(make_pipeline, lambda model, batch: model(batch.inputs["mask"], scale=3.0))
    assert torch.equal(forward(pipeline, One(), batch), 3 * batch.inputs["mask"])


def test_what_the_batch_does_not_have_is_said(make_pipeline, batch):
    with pytest.raises(UsageError, match=r"Asks.forward asks for lengths: the batch has tokens, mask"):
        forward(calling(make_pipeline), Asks(), batch)
