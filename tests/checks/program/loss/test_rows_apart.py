"""Targets that meet other rows are seen; rows that are reordered together, or mixed, are not."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.rows_apart import RowsApart
from kilter.values.finding import Severity, Skipped
from kilter.values.pipeline import Pipeline

X = torch.randn(120, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()


def bench(loss_of, task="classification"):
    def make(seed):
        torch.manual_seed(seed)
        model = nn.Linear(6, 3)
        train = DataLoader(TensorDataset(X, Y), 20, shuffle=True)
        return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss(), train, None

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_of(model, loss_fn, *batch)
        loss.backward()
        optimizer.step()
        return loss

    return Bench(program=Pipeline.from_loop(make, step=step, task=task, classes=3, epochs=2))


def by_first_column(model, loss_fn, x, y):
    order = x[:, 0].argsort()
    return loss_fn(model(x[order]), y[order])


def mixed(model, loss_fn, x, y):
    other = torch.randperm(len(x))
    outputs = model(0.7 * x + 0.3 * x[other])
    return 0.7 * loss_fn(outputs, y) + 0.3 * loss_fn(outputs, y[other])


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda model, loss_fn, x, y: loss_fn(model(x), y.flip(0)),
        lambda model, loss_fn, x, y: loss_fn(model(x[x[:, 0].argsort()]), y),
        lambda model, loss_fn, x, y: loss_fn(model(x), y[torch.randperm(len(y))]),
    ],
    ids=["targets turned", "inputs sorted", "targets shuffled"],
)
def test_one_of_the_two_was_reordered(loss_of):
    (found,) = RowsApart().examine(bench(loss_of))
    assert found.severity is Severity.FAILURE
    assert found.causes == ("label_misaligned",)


@pytest.mark.parametrize(
    "loss_of",
    [lambda model, loss_fn, x, y: loss_fn(model(x), y), by_first_column, mixed],
    ids=["in order", "sorted together", "mixed"],
)
def test_silent_where_rows_stay_together(loss_of):
    assert list(RowsApart().examine(bench(loss_of))) == []


def test_skipped_where_pairs_are_made_anew():
    (said,) = RowsApart().examine(bench(lambda model, loss_fn, x, y: loss_fn(model(x), y.flip(0)), task="contrastive"))
    assert isinstance(said, Skipped)
