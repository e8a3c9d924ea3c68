import dataclasses
import pickle

import pytest
import torch

from kilter.values.batch import Batch, Example


@pytest.fixture
def batch():
    return Batch(
        inputs={"numbers": torch.arange(6.0).reshape(3, 2)},
        target=torch.tensor([0, 1, 1]),
        weight=torch.ones(3),
        ids=("a", "b", "c"),
    )


def test_its_length_is_its_examples(batch):
    assert len(batch) == 3


def test_moving_keeps_ids_and_values(batch):
    moved = batch.to("cpu")

    assert moved.ids == batch.ids
    assert torch.equal(moved.inputs["numbers"], batch.inputs["numbers"])
    assert torch.equal(moved.target, batch.target)


def test_moving_a_batch_without_targets_leaves_it_without():
    batch = Batch(inputs={}, target=None, weight=torch.ones(1), ids=("a",))

    assert batch.to("cpu").target is None


def test_inputs_cannot_be_changed(batch):
    with pytest.raises(TypeError):
        batch.inputs["numbers"] = torch.zeros(3, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        batch.ids = ()


def test_a_worker_can_send_it(batch):
    received = pickle.loads(pickle.dumps(batch))

    assert received.ids == batch.ids
    assert torch.equal(received.inputs["numbers"], batch.inputs["numbers"])


def test_an_example_keeps_its_own_copy_of_the_inputs():
    inputs = {"text": "one"}
    example = Example(inputs=inputs, target="x", id="f.csv:2")
    inputs["text"] = "another"

    assert example.inputs["text"] == "one"
    assert example.weight == 1.0
