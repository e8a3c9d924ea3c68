import pytest
import torch

from kilter.tasks.outputs import amounts_of, logits_of, only, target_of
from kilter.values.batch import Batch
from kilter.values.errors import UsageError

BATCH = Batch(inputs={}, target=torch.zeros(4), weight=torch.ones(4), ids=("a", "b", "c", "d"))


def test_the_one_tensor_comes_as_it_is():
    tensor = torch.zeros(4, 2)

    assert only(tensor) is tensor
    assert logits_of(tensor, BATCH, 2) is tensor


@pytest.mark.parametrize("outputs", [(torch.zeros(2),), {"logits": torch.zeros(2)}, None, [1.0]])
def test_anything_but_a_tensor_is_refused_in_words(outputs):
    with pytest.raises(UsageError, match=f"returned a {type(outputs).__name__}: this task reads one tensor; return"):
        only(outputs)


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_amounts_come_as_one_number_an_example(shape):
    amounts = torch.arange(4.0).reshape(shape)

    assert amounts_of(amounts, BATCH).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("shape", [(4, 2), (1, 4), (2, 2), (1,), (), (4, 1, 1), (5,), (3, 1)])
def test_amounts_of_another_shape_are_refused_in_words(shape):
    with pytest.raises(UsageError) as raised:
        amounts_of(torch.zeros(shape), BATCH)
    said = str(raised.value)
    assert f"shape {shape} for 4 examples" in said
    assert "shape (4, 1) or (4,)" in said
    assert "linear layer of 1 output," in said


def test_whole_numbers_are_no_outputs():
    with pytest.raises(UsageError, match="int64 numbers"):
        logits_of(torch.zeros(4, 3, dtype=torch.int64), BATCH, 3)
    with pytest.raises(UsageError, match="bool numbers"):
        amounts_of(torch.zeros(4, dtype=torch.bool), BATCH)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_outputs_are_read_in_single_precision_or_better(given, read):
    assert logits_of(torch.zeros(4, 2, dtype=given), BATCH, 2).dtype == read
    assert amounts_of(torch.zeros(4, 1, dtype=given), BATCH).dtype == read


def test_a_batch_without_targets_cannot_be_learnt_from():
    batch = Batch(inputs={}, target=None, weight=torch.ones(1), ids=("a",))

    assert target_of(BATCH) is BATCH.target
    with pytest.raises(ValueError, match="no targets"):
        target_of(batch)


def test_one_logit_an_example_may_come_with_or_without_its_column():
    batch = Batch(inputs={}, target=None, weight=torch.ones(3), ids=("a", "b", "c"))

    assert logits_of(torch.zeros(3), batch, 1).shape == logits_of(torch.zeros(3, 1), batch, 1).shape == (3, 1)
    with pytest.raises(UsageError, match="one logit an example"):
        logits_of(torch.zeros(3, 2), batch, 1)
    with pytest.raises(UsageError, match="one amount a column"):
        logits_of(torch.zeros(3, 2), batch, 4, each="one amount a column")
