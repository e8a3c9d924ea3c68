"""Copies of a few rows are seen; rows that repeat by nature or by a balancing sampler are not."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from kilter.checks.program.batches.copies import Copies
from kilter.checks.program.bench import Bench
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline

X, Y = torch.randn(400, 5, generator=torch.Generator().manual_seed(0)), torch.arange(400) % 2
BITS = (X > 0).float()


def bench(rows, x=X, sampler=None):
    def make(seed):
        torch.manual_seed(seed)
        model = nn.Linear(5, 2)
        data = TensorDataset(x[rows], Y[rows])
        train = DataLoader(data, 32, shuffle=sampler is None, sampler=sampler)
        valid = DataLoader(TensorDataset(x[300:], Y[300:]), 64)
        return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), train, valid

    return Bench(program=Pipeline.from_loop(make, task="classification", classes=2, epochs=3))


def test_a_file_that_was_read_ten_times_is_seen():
    (found,) = Copies().examine(bench(torch.arange(30).repeat(10)))
    assert found.severity is Severity.WARNING
    assert found.causes[0] == "data_anomaly"
    assert found.evidence["different"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    "healthy",
    [
        bench(torch.arange(300)),
        bench(torch.arange(300), BITS),
        bench(torch.arange(300), sampler=WeightedRandomSampler([1.0] * 20 + [0.001] * 280, 300)),
    ],
    ids=["different", "few values", "drawn anew each epoch"],
)
def test_silent_where_rows_repeat_by_nature(healthy):
    assert list(Copies().examine(healthy)) == []
