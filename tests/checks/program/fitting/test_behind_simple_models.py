"""A network that a cheap learner beats is named; one that keeps up is not."""

import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.checks.program.fitting.behind_simple_models import BehindSimpleModels
from kilter.values.finding import Severity, Skipped
from kilter.values.pipeline import Pipeline


def bench(width, epochs, task="regression"):
    x, y = load_diabetes(return_X_y=True)
    x, y = torch.tensor(x).float(), torch.tensor(y).float()
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()

    def make(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, 1), nn.Flatten(0))
        train = DataLoader(TensorDataset(x[:250], y[:250]), 25, shuffle=True)
        valid = DataLoader(TensorDataset(x[250:], y[250:]), 100)
        return model, torch.optim.Adam(model.parameters(), lr=1e-2), nn.MSELoss(), train, valid

    return Bench(program=Pipeline.from_loop(make, task=task, epochs=epochs))


def test_a_wide_network_on_few_noisy_rows_is_behind_ridge_regression():
    (found,) = BehindSimpleModels().examine(bench(512, 120))
    assert found.severity is Severity.WARNING
    assert found.evidence["simple"] > found.evidence["network"] + 0.15


def test_silent_where_the_network_keeps_up():
    assert list(BehindSimpleModels().examine(bench(16, 15))) == []


def test_skipped_where_no_cheap_learner_can_be_asked():
    (said,) = BehindSimpleModels().examine(bench(16, 1, task="other"))
    assert isinstance(said, Skipped)
