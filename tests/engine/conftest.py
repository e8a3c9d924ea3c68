"""Small pipelines over data in memory, and programs as people write them."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

from kilter.tasks.classification import Classification
from kilter.testing.sources import ArraySource
from kilter.values.pipeline import Pipeline
from kilter.values.program import Program
from kilter.values.recipe import Recipe


class Net(nn.Module):
    """Two layers with dropout between them, over `numbers`."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden = nn.Linear(4, 16)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(16, 3)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return self.out(self.drop(torch.relu(self.hidden(numbers))))


def source(rows: int = 64, *, seed: int = 0, **options: Any) -> ArraySource:
    """Three classes that four numbers tell apart."""
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, 3, rows)
    centers = np.random.default_rng(99).normal(0, 2, (3, 4))
    numbers = centers[targets] + draw.normal(0, 1, (rows, 4))
    return ArraySource({"numbers": torch.tensor(numbers, dtype=torch.float32)}, targets, **options)


@pytest.fixture
def make_pipeline() -> Callable[..., Pipeline]:
    """A pipeline by recipe sections; `dropout`, `noise` and `weights` change model and data."""

    def make(dropout: float = 0.0, noise: float = 0.0, size: int = 16, **sections: Any) -> Pipeline:
        return Pipeline(
            task=Classification(labels=("a", "b", "c")),
            make_model=lambda: Net(dropout),
            splits={"train": source(noise=noise, size=size), "valid": source(30, seed=1), "test": source(30, seed=2)},
            recipe=Recipe.read(sections),
        )

    return make


ROWS = 48


def _table(seed=0, **options):
    draw = torch.Generator().manual_seed(7)
    numbers = torch.randn(ROWS, 4, generator=draw)
    classes = (numbers[:, 0] > 0).long() + (numbers[:, 1] > 0).long()
    order = torch.Generator().manual_seed(seed)
    return DataLoader(TensorDataset(numbers, classes), 8, shuffle=True, generator=order, **options)


def _words(seed=0):
    draw = torch.Generator().manual_seed(7)
    words = torch.randint(0, 12, (ROWS, 5), generator=draw)
    return [
        {"input_ids": part, "labels": part.sum(1) % 3, "names": ["text"] * len(part)} for part in words.split(8)
    ], None


def _layers(*more):
    return nn.Sequential(nn.Linear(4, 8), *more, nn.ReLU(), nn.Linear(8, 3))


def _plain(loss=None, optimizer=torch.optim.AdamW, model=_layers, **settings):
    def make(seed):
        torch.manual_seed(seed)
        network = model()
        own = optimizer(network.parameters(), **{"lr": 0.01, **settings})
        return network, own, nn.CrossEntropyLoss() if loss is None else loss, _table(seed), _table(1)

    return make


def _accumulating():
    seen = 0

    def step(model, optimizer, loss_fn, batch):
        nonlocal seen
        numbers, classes = batch
        loss = loss_fn(model(numbers), classes) / 3
        loss.backward()
        seen += 1
        if seen % 3 == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        return loss

    return step


def _scaled():
    scaler = torch.amp.GradScaler("cpu", init_scale=256.0, growth_interval=3)

    def step(model, optimizer, loss_fn, batch):
        numbers, classes = batch
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_fn(model(numbers), classes)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        return loss.item()

    return step


def _with_closure(model, optimizer, loss_fn, batch):
    numbers, classes = batch

    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(numbers), classes)
        loss.backward()
        return loss

    return optimizer.step(closure)


class Bag(nn.Module):
    """Sparse embeddings; a mapping that also has attributes comes back, with the loss inside."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(12, 6, sparse=True)
        self.out = nn.Linear(6, 3)

    def forward(self, input_ids, labels=None):
        logits = self.out(self.words(input_ids).mean(1))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return Answer(loss=loss, logits=logits)


@dataclass
class Answer(OrderedDict):
    """As a Hugging Face model answers."""

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None

    def __post_init__(self):
        for name in ("loss", "logits"):
            if getattr(self, name) is not None:
                super().__setitem__(name, getattr(self, name))

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        super().__setattr__(key, value)

    def update(self, *_arguments, **_keywords):
        raise TypeError("it cannot be updated")


def _popping(model, optimizer, loss_fn, batch):
    batch.pop("names")
    labels = batch.pop("labels")
    for own in optimizer:
        own.zero_grad()
    answer = model(**batch, labels=labels)
    answer.loss.backward()
    for own in optimizer:
        own.step()
    return {"loss": answer.loss, "lr": 0.01}


def _bag(seed):
    torch.manual_seed(seed)
    model = Bag()
    sparse = torch.optim.SparseAdam(model.words.parameters(), lr=0.01)
    dense = torch.optim.SGD(model.out.parameters(), lr=0.1, momentum=0.9)
    collated = DataLoader(list(range(6)), 1, shuffle=True, collate_fn=lambda at: dict(_words()[0][at[0]]))
    return model, [sparse, dense], None, collated, None


class Checkpointed(nn.Module):
    """Its hidden part is computed again in backward, dropout and batch norm included."""

    def __init__(self, *, reentrant):
        super().__init__()
        self.first, self.out, self.reentrant = nn.Linear(4, 8), nn.Linear(8, 3), reentrant
        self.hidden = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3))

    def forward(self, numbers):
        hidden = checkpoint(self.hidden, self.first(numbers), use_reentrant=self.reentrant)
        return self.out(hidden)


def _penalised(model, optimizer, loss_fn, batch):
    numbers, classes = batch
    numbers = numbers.clone().requires_grad_()
    optimizer.zero_grad()
    loss = loss_fn(model(numbers), classes)
    (slope,) = torch.autograd.grad(loss, numbers, create_graph=True)
    loss = loss + 0.1 * slope.pow(2).sum()
    loss.backward()
    optimizer.step()
    return loss


def _in_turns(model, optimizer, loss_fn, batch):
    """Two parts with an optimizer each, as adversaries have; gradients are asked for one of them."""
    numbers, classes = batch
    halves = [list(model[0].parameters()), list(model[-1].parameters())]
    for own, half in zip(optimizer.values(), halves, strict=True):
        own.zero_grad()
        loss = loss_fn(model(numbers), classes)
        loss.backward(inputs=half)
        own.step()
    return loss


def _two_halves(seed):
    torch.manual_seed(seed)
    model = _layers()
    first = torch.optim.Adam(model[0].parameters(), lr=0.01)
    second = torch.optim.SGD(model[-1].parameters(), lr=0.1)
    return model, {"first": first, "second": second}, nn.CrossEntropyLoss(), _table(seed), None


def _scheduled(seed):
    model, optimizer, loss_fn, train, valid = _plain()(seed)
    optimizer.schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=60)
    return model, optimizer, loss_fn, train, valid


def _per_step(model, optimizer, loss_fn, batch):
    numbers, classes = batch
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(model(numbers), classes)
    loss.backward()
    optimizer.step()
    optimizer.schedule.step()
    return loss


def _in_place(model, optimizer, loss_fn, batch):
    numbers, classes = batch
    numbers.sub_(numbers.mean(0)).add_(0.05 * torch.randn_like(numbers))
    return _plain_step(model, optimizer, loss_fn, (numbers, classes))


def _plain_step(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def programs() -> dict[str, Callable[[], Program]]:
    """Programs as people write them; each call gives one whose step has counted nothing yet."""

    def normed():
        return _layers(nn.BatchNorm1d(8))

    def dropping():
        return _layers(nn.Dropout(0.4))

    lbfgs = _plain(optimizer=torch.optim.LBFGS, lr=0.3, max_iter=3)
    return {
        "plain": lambda: Program(make=_plain()),
        "dropout": lambda: Program(make=_plain(model=dropping), step=_plain_step),
        "batch norm": lambda: Program(make=_plain(model=normed, optimizer=torch.optim.SGD), step=_plain_step),
        "accumulation": lambda: Program(make=_plain(model=normed), step=_accumulating()),
        "scaled": lambda: Program(make=_plain(), step=_scaled()),
        "closure": lambda: Program(make=lbfgs, step=_with_closure),
        "sparse, answers as mappings": lambda: Program(make=_bag, step=_popping),
        "checkpointed": lambda: Program(make=_plain(model=lambda: Checkpointed(reentrant=False))),
        "checkpointed by re-entering": lambda: Program(make=_plain(model=lambda: Checkpointed(reentrant=True))),
        "penalty on gradients": lambda: Program(make=_plain(), step=_penalised),
        "two optimizers": lambda: Program(make=_two_halves, step=_in_turns),
        "scheduled": lambda: Program(make=_scheduled, step=_per_step),
        "changing its batch": lambda: Program(make=_plain(), step=_in_place),
    }


@pytest.fixture(params=list(programs()))
def make_program(request) -> Callable[[], Program]:
    """The same program at each call, with nothing in common with the one before."""
    return programs()[request.param]


@pytest.fixture
def program_called() -> Callable[[str], Program]:
    return lambda name: programs()[name]()
