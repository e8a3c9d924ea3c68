"""What is seen of a training before sizes are tried."""

import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from kilter.finders.ending import Ended
from kilter.finders.survey import Survey, survey, surveyed
from kilter.testing.healthy.pipelines import over_numbers
from kilter.values.errors import TrainingError
from kilter.values.pipeline import Pipeline


class Direct:
    """Does in this process what a nursery does in another."""

    def __init__(self, subject):
        self._subject = subject

    def call(self, act, *, doing, **arguments):
        return Ended(answer=act(self._subject, **arguments))


class Dying:
    def call(self, act, *, doing, **arguments):
        return Ended(ran_out="killed by SIGKILL")


def program(loader):
    def make(seed):
        model = torch.nn.Linear(3, 1)
        return model, torch.optim.SGD(model.parameters(), lr=0.1), torch.nn.functional.mse_loss, loader, None

    return Pipeline.from_loop(make)


class Endless(IterableDataset):
    def __iter__(self):
        return iter([(torch.zeros(3), torch.zeros(1))] * 10)


def test_a_pipeline_has_rows_and_a_batch():
    assert survey(Direct(over_numbers())) == Survey(device="cpu", free=None, rows=96, batch=16)


@pytest.mark.parametrize(
    ("loader", "rows", "batch"),
    [
        (DataLoader(TensorDataset(torch.zeros(20, 3), torch.zeros(20, 1)), batch_size=8), 20, 8),
        ([(torch.zeros(6, 3), torch.zeros(6, 1))] * 3, 18, 6),
        (DataLoader(Endless(), batch_size=4), 10, 4),
    ],
)
def test_examples_of_a_program_are_counted(loader, rows, batch):
    seen = surveyed(program(loader), seed=0)

    assert (seen["rows"], seen["batch"]) == (rows, batch)


def test_what_cannot_even_be_set_up_is_an_error():
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        survey(Dying())
