"""A small program over rows that a test makes, and what a check says of it."""

from functools import partial

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.values.finding import Finding, Severity
from kilter.values.pipeline import Pipeline


def step(model, optimizer, loss_fn, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def outputs_of(model, loader):
    model.eval()
    with torch.no_grad():
        pairs = [(model(x), y) for x, y in loader]
    return tuple(torch.cat(parts) for parts in zip(*pairs, strict=True))


def accuracy(model, loss_fn, loader):
    outputs, targets = outputs_of(model, loader)
    return float(loss_fn(outputs, targets)), float((outputs.argmax(-1) == targets).float().mean())


def explained(model, loss_fn, loader):
    outputs, targets = outputs_of(model, loader)
    residual = ((outputs - targets) ** 2).sum()
    return float(residual), float(1 - residual / ((targets - targets.mean()) ** 2).sum())


class Half(nn.Module):
    """Yes-or-no loss of one logit."""

    def forward(self, outputs, targets):
        return nn.functional.binary_cross_entropy_with_logits(outputs.squeeze(-1), targets.float())


def mlp(width, classes, hidden=32):
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, classes))


def parted(x, y, train=0.6):
    """(train x, train y, valid x, valid y), in a random order."""
    order = np.random.default_rng(0).permutation(len(x))
    cut = int(train * len(x))
    x, y = torch.as_tensor(x)[order], torch.as_tensor(y)[order]
    return x[:cut], y[:cut], x[cut:], y[cut:]


def digits():
    x, y = load_digits(return_X_y=True)
    return parted((x / 16).astype(np.float32), y)


def cancer(*, raw=False):
    x, y = load_breast_cancer(return_X_y=True)
    scaled = x if raw else (x - x.mean(0)) / x.std(0)
    return parted(scaled.astype(np.float32), y)


def diabetes(*, raw=False):
    x, y = load_diabetes(return_X_y=True)
    scaled = y if raw else (y - y.mean()) / y.std()
    return parted((x / x.std(0)).astype(np.float32), scaled.astype(np.float32)[:, None])


def tokens(rows=900, length=14, kind="count"):
    """Sequences of 3 to `length` tokens, filled up with 0: are there more small tokens, or what is the last one?"""
    random = np.random.default_rng(0)
    x, y = np.zeros((rows, length), dtype=np.int64), np.zeros(rows, dtype=np.int64)
    for row in range(rows):
        count = int(random.integers(3, length + 1))
        small = random.random(count) < random.uniform(0.2, 0.8)
        x[row, :count] = np.where(small, random.integers(1, 10, count), random.integers(10, 20, count))
        y[row] = int(small.sum() * 2 > count) if kind == "count" else x[row, count - 1] % 4
    return parted(x, y)


class Bag(nn.Module):
    """The mean of embeddings of tokens other than 0."""

    def __init__(self, classes=2):
        super().__init__()
        self.embedding = nn.Embedding(64, 16, padding_idx=0)
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        real = (x != 0).unsqueeze(-1).float()
        return self.head((self.embedding(x) * real).sum(1) / real.sum(1).clamp(min=1))


def _made(seed, *, data, model, loss_fn, rate, batch, shuffle, optimizer, loaders):
    torch.manual_seed(seed)
    net = model()
    order = torch.Generator().manual_seed(seed)
    if loaders is None:
        x, y, valid_x, valid_y = data
        train = DataLoader(TensorDataset(x, y), batch, shuffle=shuffle, generator=order)
        valid = DataLoader(TensorDataset(valid_x, valid_y), 128)
    else:
        train, valid = loaders()
    return net, optimizer(net.parameters(), lr=rate), loss_fn, train, valid


def build(
    data=None,
    model=None,
    *,
    loss_fn=None,
    rate=3e-3,
    batch=32,
    shuffle=True,
    optimizer=torch.optim.Adam,
    loaders=None,
    **about,
):
    """A bench with a program over (train x, train y, valid x, valid y), or over loaders that a function gives."""
    about = {"step": step, "validate": accuracy, "task": "classification", "epochs": 8} | about
    make = partial(
        _made,
        data=data,
        model=model or (lambda: mlp(data[0].shape[1], 10)),
        loss_fn=loss_fn or nn.CrossEntropyLoss(),
        rate=rate,
        batch=batch,
        shuffle=shuffle,
        optimizer=optimizer,
        loaders=loaders,
    )
    return Bench(program=Pipeline.from_loop(make, **about))


def look(check, bench):
    """Findings of a check: (alarms, notes)."""
    said = [one for one in check.examine(bench) if isinstance(one, Finding)]
    alarms = [one for one in said if one.severity > Severity.NOTE]
    return alarms, [one for one in said if one.severity is Severity.NOTE]


@pytest.fixture(name="make")
def fixture_make():
    return build


@pytest.fixture(name="alarms")
def fixture_alarms():
    """The first causes of a check's alarms."""
    return lambda check, bench: [alarm.causes[0] for alarm in look(check, bench)[0]]


@pytest.fixture(name="look")
def fixture_look():
    return look


@pytest.fixture(name="sets")
def fixture_sets():
    """Rows by name: (train x, train y, valid x, valid y)."""
    return {"digits": digits, "cancer": cancer, "diabetes": diabetes, "tokens": tokens}


@pytest.fixture(name="parts")
def fixture_parts():
    """Networks, losses and validations by name."""
    return {"mlp": mlp, "Bag": Bag, "Half": Half, "explained": explained, "accuracy": accuracy, "outputs": outputs_of}
