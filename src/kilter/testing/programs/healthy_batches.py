"""Healthy programs whose batches, loaders, losses and models are of an unusual form."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Convolutions, perceptron
from kilter.testing.programs.steps import (
    CLASSES3,
    CLASSES10,
    TWO,
    accuracy,
    mean_error,
    plain_step,
    stepping,
    validating,
)

if TYPE_CHECKING:
    from torch import Tensor


def _with(model: nn.Module, loss_fn: Any, train: Any, valid: Any, *, rate: float = 5e-3) -> Any:
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
        return _with(model, nn.CrossEntropyLoss(), loader(train, shuffle=True), loader(valid, shuffle=False))

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
    batches = list(zip(train[0].split(32), train[1].split(32), strict=True))
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), batches, [valid])


class Fresh:
    """A class whose iterator is a generator, without a length."""

    def __init__(self, part: tuple[Tensor, ...], batch: int = 32) -> None:
        self.part, self.batch = part, batch

    def __iter__(self) -> Iterator[Any]:
        for rows in torch.randperm(len(self.part[0])).split(self.batch):
            yield tuple(column[rows] for column in self.part)


def generator_class() -> Any:
    """Loaders without a length."""
    train, valid = data.digits().both
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), Fresh(train, 64), Fresh(valid, 256))


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
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *loaders)


def dropping_last() -> Any:
    """An incomplete last batch is left out."""
    train: Any = DataLoader(TensorDataset(*data.digits().train), 64, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 10))
    return _with(model, nn.CrossEntropyLoss(), train, data.loaders(data.digits())[1])


def last_batch_of_one() -> Any:
    """A thousand and twenty-five rows by 64."""
    (x, y), valid = data.digits().both
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.Split((x[:1025], y[:1025]), valid)))


def one_batch_an_epoch() -> Any:
    """All rows at once, many epochs."""
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.digits(), 2000), rate=3e-2)


def unshuffled() -> Any:
    """The order is fixed, and rows are in random order."""
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.digits(), shuffle=False))


def single_rows() -> Any:
    """Batches of one row, a small rate."""
    split = data.Split(*(tuple(column[:150] for column in part) for part in data.blobs().both))
    model = perceptron(6, 16, 3)
    return _with(model, nn.CrossEntropyLoss(), *data.loaders(split, 1), rate=2e-3)


def no_validation() -> Any:
    """Nothing is validated."""
    train, _ = data.loaders(data.digits())
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), train, None)


def _none_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> None:
    plain_step(model, optimizer, loss_fn, batch)


class Frozen(nn.Module):
    """A body that was trained before, in evaluation mode whatever the mode, and a new head."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(2)
            self.body = Convolutions()
            tutor = torch.optim.Adam(self.body.parameters(), lr=1e-2)
            for x, y in list(data.loaders(data.pictures())[0])[:24]:
                tutor.zero_grad()
                loss = F.cross_entropy(self.body(x), y)
                loss.backward()  # type: ignore[no-untyped-call]
                tutor.step()
        self.body[-1] = nn.Identity()
        self.body.requires_grad_(False)
        self.head = nn.Linear(64, 10)

    def train(self, mode: bool = True) -> Frozen:  # noqa: FBT001, FBT002 - torch's own signature
        super().train(mode)
        self.body.eval()
        return self

    def forward(self, x: Tensor) -> Any:
        with torch.no_grad():
            state = self.body(x)
        return self.head(state)


def frozen_body() -> Any:
    """Only the head learns; the body's statistics stay as they are."""
    model = Frozen()
    optimizer = torch.optim.Adam(model.head.parameters(), lr=3e-2)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.pictures())


class LowRank(nn.Module):
    """A linear layer that stays, beside a product of two thin ones that begins at zero (Hu et al. 2022)."""

    def __init__(self, layer: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, layer.in_features) / rank)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Any:
        return self.layer(x) + x @ self.down.T @ self.up.T


def low_rank() -> Any:
    """Adapters on frozen layers that were trained on other labels; all parameters are given to the optimizer."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        body = perceptron(64, 64, 10)
        tutor = torch.optim.Adam(body.parameters(), lr=1e-2)
        for x, y in data.loaders(data.digits())[0]:
            tutor.zero_grad()
            loss = F.cross_entropy(body(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            tutor.step()
    model = nn.Sequential(LowRank(body[0]), nn.ReLU(), LowRank(body[2]))  # type: ignore[arg-type]
    train, valid = ((x, (y + 1) % 10) for x, y in data.digits().both)
    return _with(model, nn.CrossEntropyLoss(), *data.loaders(data.Split(train, valid)), rate=1e-2)


class Steady(nn.Module):
    """Batch normalisation that keeps the statistics it came with, in training, too."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(64)
        x, _ = data.digits().train
        self.norm.running_mean, self.norm.running_var = x.mean(0), x.var(0) + 0.01
        self.body = perceptron(64, 48, 10)

    def train(self, mode: bool = True) -> Steady:  # noqa: FBT001, FBT002 - torch's own signature
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x: Tensor) -> Any:
        return self.body(self.norm(x))


def steady_norm() -> Any:
    """Frozen statistics, rightly."""
    return _with(Steady(), nn.CrossEntropyLoss(), *data.loaders(data.digits()))


class TwoHeads(nn.Module):
    """A class and an amount from one body."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 48), nn.ReLU())
        self.heads = nn.ModuleDict({"digit": nn.Linear(48, 10), "ink": nn.Linear(48, 1)})

    def forward(self, x: Tensor) -> dict[str, Any]:
        state = self.body(x)
        return {"digit": self.heads["digit"](state), "ink": self.heads["ink"](state).squeeze(1)}


def two_heads() -> Any:
    """Which digit, and how much ink; nested dicts."""
    mean = data.digits().train[0].mean()
    parts = [(x, y, 10 * (x.mean(1) - mean)) for x, y in data.digits().both]

    def loader(part: tuple[Tensor, ...], *, shuffle: bool) -> Any:
        rows: Any = range(len(part[0]))

        def collate(chosen: list[int]) -> dict[str, Any]:
            x, digit, ink = (column[chosen] for column in part)
            return {"inputs": {"x": x}, "targets": {"digit": digit, "ink": ink}, "ids": [str(at) for at in chosen]}

        return DataLoader(rows, 64, shuffle=shuffle, collate_fn=collate)

    return _with(TwoHeads(), None, loader(parts[0], shuffle=True), loader(parts[1], shuffle=False))


def _heads_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    outputs, targets = model(**batch["inputs"]), batch["targets"]
    return F.cross_entropy(outputs["digit"], targets["digit"]) + 0.5 * F.mse_loss(outputs["ink"], targets["ink"])


def _judge_heads(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    right = model(**batch["inputs"])["digit"].argmax(-1) == batch["targets"]["digit"]
    return _heads_loss(model, loss_fn, batch), right.float().mean(), len(right)


class Columns(nn.Module):
    """Embedded categories beside numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(5, 3), nn.Embedding(8, 3)])
        self.body = perceptron(10, 32, 1)

    def forward(self, numbers: Tensor, categories: Tensor) -> Any:
        told = [table(categories[:, at]) for at, table in enumerate(self.embeddings)]
        return self.body(torch.cat([numbers, *told], 1)).squeeze(1)


def columns() -> Any:
    """Numbers and categories decide together."""
    draw = torch.Generator().manual_seed(9)
    numbers = torch.randn(700, 4, generator=draw)
    categories = torch.stack(
        [torch.randint(0, 5, (700,), generator=draw), torch.randint(0, 8, (700,), generator=draw)], 1
    )
    y = numbers[:, 0] * (categories[:, 0] - 2) / 2 + (categories[:, 1] - 3.5) / 4
    split = data.parted(numbers, categories, y + 0.1 * torch.randn(700, generator=draw))
    return _with(Columns(), nn.MSELoss(), *data.loaders(split, 32), rate=1e-2)


def _columns_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch[0], batch[1]), batch[2])


def _judge_columns(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch[0], batch[1])
    return loss_fn(outputs, batch[2]), (outputs - batch[2]).abs().mean(), len(outputs)


def arrays() -> Any:
    """Batches are NumPy arrays; the step makes tensors of them."""
    train, valid = (tuple(column.numpy() for column in part) for part in data.digits().both)
    loaders = [[part[at : at + 32] for part in train] for at in range(0, len(train[0]), 32)], [list(valid)]
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *loaders)


def plain_program() -> Any:
    """Neither a step nor a validation is given."""
    train, valid = ((x, y) for x, y in data.digits().both)
    return _with(perceptron(64, 48, 10), nn.CrossEntropyLoss(), *data.loaders(data.Split(train, valid)))


def maximised() -> Any:
    """A likelihood that is made larger, by an optimizer that climbs."""
    model = perceptron(30, 16, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, maximize=True)

    def likelihood(outputs: Tensor, y: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(outputs.reshape(y.shape), y)

    return model, optimizer, likelihood, *data.loaders(data.cancer(), 32)


def time_first() -> Any:
    """Batches are (time, examples, 1): the first dimension is no example."""
    train, valid = data.series().both

    def loader(part: tuple[Tensor, ...], *, shuffle: bool) -> Any:
        rows: Any = range(len(part[0]))
        return DataLoader(
            rows, 48, shuffle=shuffle, collate_fn=lambda chosen: (part[0][chosen].transpose(0, 1), part[1][chosen])
        )

    return _with(LastValue(), nn.MSELoss(), loader(train, shuffle=True), loader(valid, shuffle=False), rate=1e-2)


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
    well("frozen body", frozen_body, epochs=6, reaches=0.9, **CLASSES10),
    well(
        "frozen body declared", frozen_body, epochs=6, reaches=0.9, frozen=("body",), pretrained=("body",), **CLASSES10
    ),
    well("low rank adapters", low_rank, epochs=8, reaches=0.85, **CLASSES10),
    well("frozen batch norm", steady_norm, epochs=8, reaches=0.9, **CLASSES10),
    well(
        "two heads nested dicts",
        two_heads,
        epochs=8,
        reaches=0.9,
        task="other",
        step=stepping(_heads_loss),
        validate=validating(_judge_heads),
    ),
    well(
        "numbers and categories",
        columns,
        epochs=15,
        reaches=0.25,
        task="regression",
        step=stepping(_columns_loss),
        validate=validating(_judge_columns),
        higher_is_better=False,
    ),
    well("likelihood maximised", maximised, epochs=8, reaches=0.94, **TWO),
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
