"""A small program, and what is changed in it."""

import itertools
from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.values.finding import Finding, Severity
from kilter.values.pipeline import Pipeline


def network():
    return nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))


def step(model, optimizer, loss_fn, batch):
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def validate(model, loss_fn, loader):
    model.eval()
    with torch.no_grad():
        pairs = [(model(x), y) for x, y in loader]
    outputs, targets = (torch.cat(parts) for parts in zip(*pairs, strict=True))
    return float(loss_fn(outputs, targets)), float((outputs.argmax(-1) == targets).float().mean())


def rows(count=64):
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(count, 6, generator=generator)
    return TensorDataset(x, (x @ torch.randn(6, 3, generator=generator)).argmax(-1))


def made(seed, *, network, optimizer, loss_fn, batch, count, prepare, loader):
    torch.manual_seed(seed)
    model = network()
    optimizer = optimizer(model)
    order = torch.Generator().manual_seed(seed)
    train = DataLoader(rows(count), batch, shuffle=True, generator=order) if loader is None else loader()
    if prepare is not None:
        prepare(model, optimizer)
    return model, optimizer, loss_fn() if loss_fn else None, train, DataLoader(rows(32), 32)


def build(
    *,
    network=network,
    optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.1),
    loss_fn=nn.CrossEntropyLoss,
    batch=16,
    count=64,
    prepare=None,
    loader=None,
    **about,
):
    about = {"step": step, "validate": validate, "task": "classification", "classes": 3, "epochs": 8} | about
    make = partial(
        made,
        network=network,
        optimizer=optimizer,
        loss_fn=loss_fn,
        batch=batch,
        count=count,
        prepare=prepare,
        loader=loader,
    )
    return Bench(program=Pipeline.from_loop(make, **about))


def look(check, **options):
    """Findings of a check, notes apart: (alarms, notes)."""
    said = [one for one in check.examine(build(**options)) if isinstance(one, Finding)]
    return (
        [finding for finding in said if finding.severity > Severity.NOTE],
        [finding for finding in said if finding.severity is Severity.NOTE],
    )


@pytest.fixture
def bench_of():
    """A bench of the small program with some things changed."""
    return build


@pytest.fixture
def alarms():
    """What a check says of the small program with some things changed, notes left out."""
    return lambda check, **options: look(check, **options)[0]


@pytest.fixture
def notes():
    """The notes."""
    return lambda check, **options: look(check, **options)[1]


@pytest.fixture
def plain_step():
    """The step of the small program."""
    return step


@pytest.fixture
def gathering():
    """A step that updates after so many batches: (batches, divisor)."""

    def stepping(window, divisor):
        counter = itertools.count(1)

        def gathered(model, optimizer, loss_fn, batch):
            x, y = batch
            loss = loss_fn(model(x), y)
            (loss / divisor).backward()
            if next(counter) % window == 0:
                optimizer.step()
                optimizer.zero_grad()
            return loss.item()

        return gathered

    return stepping
