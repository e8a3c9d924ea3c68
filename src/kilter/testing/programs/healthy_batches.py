"""Healthy programs whose batches, loaders, losses and models are of an unusual form."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import (
    CLASSES3,
    CLASSES10,
    accuracy,
    mean_error,
    plain_step,
    stepping,
    validating,
)

if TYPE_CHECKING:
    from torch import Tensor


def assembled(model: nn.Module, loss_fn: Any, train: Any, valid: Any, *, rate: float = 5e-3) -> Any:
    """With Adam at this rate."""
    return model, torch.optim.Adam(model.parameters(), lr=rate), loss_fn, train, valid


class Reading(NamedTuple):
    """A batch with names."""

    image: Any
    label: Any


@dataclass(frozen=True)
class Sample:
    """A batch as a data class, with what no network reads."""

    image: Any
    label: Any
    source: str = "digits"


class Encoding(UserDict[str, Any]):
    """A mapping that is no dict, as tokenizers give."""

    def __getattr__(self, name: str) -> Any:
        if name == "data":
            raise AttributeError(name)
        return self.data[name]


def collating(make: Any) -> Any:
    """Digits whose batches are what `make(images, labels)` makes of them."""

    def loader(part: tuple[Tensor, ...], *, shuffle: bool) -> Any:
        rows: Any = range(len(part[0]))
        return DataLoader(rows, 64, shuffle=shuffle, collate_fn=lambda chosen: make(part[0][chosen], part[1][chosen]))

    def build() -> Any:
        train, valid = data.digits().both
        model = perceptron(64, 48, 10)
        return assembled(model, nn.CrossEntropyLoss(), loader(train, shuffle=True), loader(valid, shuffle=False))

    return build


def _about(image: Any, label: Any) -> dict[str, Any]:
    """How the parts of a batch are reached."""

    def loss_of(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
        return loss_fn(model(image(batch)), label(batch))

    def judge(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
        outputs, y = model(image(batch)), label(batch)
        return loss_fn(outputs, y), (outputs.argmax(-1) == y).float().mean(), len(y)

    return {"task": "classification", "classes": 10, "step": stepping(loss_of), "validate": validating(judge)}


def list_loader() -> Any:
    """The loaders are lists of batches; the order is the same each epoch, and rows are in random order."""
    train, valid = data.digits().both
    batches = list(zip(torch.split(train[0], 32), torch.split(train[1], 32), strict=True))
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), batches, [valid])


class Fresh:
    """A class whose iterator is a generator, without a length."""

    def __init__(self, part: tuple[Tensor, ...], batch: int = 32) -> None:
        self.part, self.batch = part, batch

    def __iter__(self) -> Iterator[Any]:
        for rows in torch.split(torch.randperm(len(self.part[0])), self.batch):
            yield tuple(column[rows] for column in self.part)


def generator_class() -> Any:
    """Loaders without a length."""
    train, valid = data.digits().both
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), Fresh(train, 64), Fresh(valid, 256))


class Stream(IterableDataset[Any]):
    """Rows one after another, in a fresh order each time."""

    def __init__(self, part: tuple[Tensor, ...]) -> None:
        self.part = part

    def __iter__(self) -> Iterator[Any]:
        for row in torch.randperm(len(self.part[0])).tolist():
            yield tuple(column[row] for column in self.part)


def streamed() -> Any:
    """An iterable data set."""
    train, valid = data.digits().both
    loaders = DataLoader(Stream(train), 64), DataLoader(TensorDataset(*valid), 256)
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *loaders)


def dropping_last() -> Any:
    """An incomplete last batch is left out."""
    train: Any = DataLoader(TensorDataset(*data.digits().train), 64, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 10))
    return assembled(model, nn.CrossEntropyLoss(), train, data.loaders(data.digits())[1])


def last_batch_of_one() -> Any:
    """A thousand and twenty-five rows by 64."""
    (x, y), valid = data.digits().both
    return assembled(
        perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.Split((x[:1025], y[:1025]), valid))
    )


def one_batch_an_epoch() -> Any:
    """All rows at once, many epochs."""
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.digits(), 2000), rate=3e-2)


def unshuffled() -> Any:
    """The order is fixed, and rows are in random order."""
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.digits(), shuffle=False))


def single_rows() -> Any:
    """Batches of one row, a small rate."""
    split = data.Split(*(tuple(column[:150] for column in part) for part in data.blobs().both))
    model = perceptron(6, 16, 3)
    return assembled(model, nn.CrossEntropyLoss(), *data.loaders(split, 1), rate=2e-3)


def no_validation() -> Any:
    """Nothing is validated."""
    train, _ = data.loaders(data.digits())
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), train, None)


def _none_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> None:
    plain_step(model, optimizer, loss_fn, batch)


def arrays() -> Any:
    """Batches are NumPy arrays; the step makes tensors of them."""
    train, valid = (tuple(column.numpy() for column in part) for part in data.digits().both)
    loaders = [[part[at : at + 32] for part in train] for at in range(0, len(train[0]), 32)], [list(valid)]
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *loaders)


def plain_program() -> Any:
    """Neither a step nor a validation is given."""
    train, valid = ((x, y) for x, y in data.digits().both)
    return assembled(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.Split(train, valid)))


def time_first() -> Any:
    """Batches are (time, examples, 1): the first dimension is no example."""
    train, valid = data.series().both

    def loader(part: tuple[Tensor, ...], *, shuffle: bool) -> Any:
        rows: Any = range(len(part[0]))
        return DataLoader(
            rows, 48, shuffle=shuffle, collate_fn=lambda chosen: (part[0][chosen].transpose(0, 1), part[1][chosen])
        )

    return assembled(LastValue(), nn.MSELoss(), loader(train, shuffle=True), loader(valid, shuffle=False), rate=1e-2)


class LastValue(nn.Module):
    """A recurrent network over (time, examples, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(1, 24)
        self.out = nn.Linear(24, 1)

    def forward(self, wave: Tensor) -> Any:
        return self.out(self.rnn(wave)[0][-1]).squeeze(1)


def _array_parts(batch: Any) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(np.asarray(batch[0])), torch.from_numpy(np.asarray(batch[1]))


FORMS: tuple[Training, ...] = (
    well(
        "batches named tuples",
        collating(Reading),
        epochs=8,
        reaches=0.9,
        **_about(lambda b: b.image, lambda b: b.label),
    ),
    well(
        "batches data classes", collating(Sample), epochs=8, reaches=0.9, **_about(lambda b: b.image, lambda b: b.label)
    ),
    well(
        "batches dicts",
        collating(lambda x, y: {"x": x, "y": y}),
        epochs=8,
        reaches=0.9,
        **_about(lambda b: b["x"], lambda b: b["y"]),
    ),
    well(
        "batches mappings",
        collating(lambda x, y: Encoding({"pixels": x, "labels": y})),
        epochs=8,
        reaches=0.9,
        **_about(lambda b: b["pixels"], lambda b: b["labels"]),
    ),
    well(
        "batches lists target first",
        collating(lambda x, y: [y, x]),
        epochs=8,
        reaches=0.9,
        **_about(lambda b: b[1], lambda b: b[0]),
    ),
    well(
        "batches arrays",
        arrays,
        epochs=6,
        reaches=0.9,
        **_about(lambda b: _array_parts(b)[0], lambda b: _array_parts(b)[1]),
    ),
    well("loader list", list_loader, epochs=6, reaches=0.9, **CLASSES10),
    well("loader class without length", generator_class, epochs=8, reaches=0.9, **CLASSES10),
    well("loader stream", streamed, epochs=8, reaches=0.9, **CLASSES10),
    well("loader drops last", dropping_last, epochs=6, reaches=0.9, **CLASSES10),
    well("loader ends with one row", last_batch_of_one, epochs=8, reaches=0.9, **CLASSES10),
    well("loader one batch an epoch", one_batch_an_epoch, epochs=40, reaches=0.9, **CLASSES10),
    well("loader unshuffled", unshuffled, epochs=8, reaches=0.9, **CLASSES10),
    well("loader single rows", single_rows, epochs=3, reaches=0.95, **CLASSES3),
    well("no validation loader", no_validation, epochs=8, **CLASSES10),
    well("no validation at all", plain_program, epochs=8, task="classification", classes=10),
    well("no step given", plain_program, epochs=8, reaches=0.9, task="classification", classes=10, validate=accuracy),
    well(
        "step gives nothing",
        plain_program,
        epochs=8,
        reaches=0.9,
        task="classification",
        classes=10,
        step=_none_step,
        validate=accuracy,
    ),
    well("task not told", plain_program, epochs=8, reaches=0.9, step=plain_step, validate=accuracy),
    well(
        "waves time first",
        time_first,
        epochs=10,
        reaches=0.15,
        task="regression",
        step=plain_step,
        validate=mean_error,
        higher_is_better=False,
    ),
)
