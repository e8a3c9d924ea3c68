"""Small programs for checks of the loss: data, a model, a loss, a step."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.values.finding import Finding
from kilter.values.program import Kind, Program


def numbers(n=96, features=6, seed=0):
    return torch.randn(n, features, generator=torch.Generator().manual_seed(seed))


def data(kind, n=96, k=4, seed=0):
    """Inputs and targets of a problem that can be learnt."""
    x = numbers(n, seed=seed)
    if kind == "classes":
        return x, (x @ numbers(6, k, seed=1)).argmax(1)
    if kind == "binary":
        return x, (x[:, 0] + x[:, 1] > 0).float()
    if kind == "labels":
        return x, ((x @ numbers(6, k, seed=1)) > 0).float()
    if kind == "numbers":
        return x, 1.5 * x[:, 0] - x[:, 1] + 0.1 * numbers(n, 1, seed=2)[:, 0]
    if kind == "tags":  # (n, 12) tokens, 0 pads; tags 0 to 3 follow from the token
        generator = torch.Generator().manual_seed(seed)
        tokens = torch.randint(1, 20, (n, 12), generator=generator)
        lengths = torch.randint(4, 13, (n,), generator=generator)
        tokens[torch.arange(12)[None] >= lengths[:, None]] = 0
        return tokens, torch.where(tokens > 0, tokens % 4, -100)
    if kind == "text":  # (n, 12) tokens of 1 to 19, none pads
        generator = torch.Generator().manual_seed(seed)
        steps = torch.randint(1, 4, (n, 12), generator=generator)
        return (steps.cumsum(1) % 19 + 1,)
    raise KeyError(kind)


def mlp(out=4, *last):
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, out), *last)


class Tagger(nn.Module):
    def __init__(self, k=4, *, vocabulary=20):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 16)
        self.rnn = nn.GRU(16, 16, batch_first=True)
        self.out = nn.Linear(16, k)

    def forward(self, tokens):
        return self.out(self.rnn(self.embedding(tokens))[0])


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-2)


@pytest.fixture
def build():
    """(task, data, model, loss function or None, ...) -> Program."""

    def built(task, tensors, model, loss=None, *, step=None, optimizer=adam, batch=32, batches=None, **more):
        def make(seed):
            torch.manual_seed(seed)
            made = model()
            loader = DataLoader(TensorDataset(*tensors), batch, shuffle=True) if batches is None else batches
            return made, optimizer(made), loss() if isinstance(loss, type) else loss, loader, None

        return Program(make=make, step=step, task=Kind(task), **more)

    return built


@pytest.fixture
def found():
    """(check, program, ...) -> findings of a warning or worse; `all_of_them` gives notes, too."""

    def examined(check, program, *, all_of_them=False, seed=0):
        said = [one for one in check.examine(Bench(program=program, seed=seed)) if isinstance(one, Finding)]
        assert not [one for one in said if one.name == "probe-failed"], said
        return [one for one in said if all_of_them or one.severity >= 1]

    return examined


def stepping(compute):
    """A step in which `compute(model, loss_fn, batch)` is the loss."""

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = compute(model, loss_fn, batch)
        loss.backward()
        optimizer.step()
        return loss

    return step


class Squeezed(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.loss = loss

    def forward(self, given, target):
        return self.loss(given.squeeze(-1), target)


class TokenLoss(nn.Module):
    def forward(self, given, target):
        return F.cross_entropy(given.flatten(0, 1), target.flatten())


@pytest.fixture
def parts():
    """The pieces above, by name."""
    return globals()
