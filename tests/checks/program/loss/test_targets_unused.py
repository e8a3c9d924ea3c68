"""A loss that forgets the targets is seen; one that asks for them, in whatever way, is not."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.targets_unused import TargetsUnused
from kilter.values.finding import Severity, Skipped
from kilter.values.pipeline import Pipeline

X = torch.randn(120, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, 0] - X[:, 1]


def bench(loss_of, task="regression", y=Y):
    def make(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 1), nn.Flatten(0))
        train = DataLoader(TensorDataset(X, y), 20, shuffle=True)
        return model, torch.optim.SGD(model.parameters(), lr=0.1), nn.MSELoss(), train, None

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_of(model, loss_fn, *batch)
        loss.backward()
        optimizer.step()
        return loss

    return Bench(program=Pipeline.from_loop(make, step=step, task=task, epochs=2))


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda model, loss_fn, x, y: loss_fn(model(x), y * 0),
        lambda model, loss_fn, x, _y: loss_fn(model(x), x[:, 2]),
        lambda model, loss_fn, x, y: loss_fn(model(x), torch.ones(len(y))),
    ],
    ids=["times nought", "another variable", "ones"],
)
def test_targets_that_nobody_asks_for(loss_of):
    (found,) = TargetsUnused().examine(bench(loss_of))
    assert found.severity is Severity.FAILURE
    assert found.causes[0] == "label_misaligned"


@pytest.mark.parametrize(
    "loss_of",
    [
        lambda model, loss_fn, x, y: loss_fn(model(x), y),
        lambda model, loss_fn, x, y: loss_fn(model(x), y) + 0.01 * model(x).abs().mean(),
        lambda model, _loss_fn, x, y: (model(x) - y).abs().amax(),
        lambda model, loss_fn, x, y: loss_fn(0 * model(x), y),
    ],
    ids=["plain", "with a penalty", "the worst row alone", "one prediction for all"],
)
def test_silent_where_targets_count(loss_of):
    assert list(TargetsUnused().examine(bench(loss_of))) == []


@pytest.mark.parametrize("given", [{"task": "other"}, {"y": torch.zeros(120)}], ids=["no targets", "one target"])
def test_skipped_where_targets_tell_nothing(given):
    (said,) = TargetsUnused().examine(bench(lambda model, loss_fn, x, y: loss_fn(model(x), y), **given))
    assert isinstance(said, Skipped)
