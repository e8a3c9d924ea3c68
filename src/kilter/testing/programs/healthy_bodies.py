"""Healthy programs with frozen parts, adapters, several heads and several kinds of input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Convolutions, perceptron
from kilter.testing.programs.steps import (
    CLASSES10,
    TWO,
    stepping,
    validating,
)

if TYPE_CHECKING:
    from torch import Tensor
from kilter.testing.programs.healthy_batches import assembled


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
    return assembled(model, nn.CrossEntropyLoss(), *data.loaders(data.Split(train, valid)), rate=1e-2)


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
    return assembled(Steady(), nn.CrossEntropyLoss(), *data.loaders(data.digits()))


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

    return assembled(TwoHeads(), None, loader(parts[0], shuffle=True), loader(parts[1], shuffle=False))


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
    return assembled(Columns(), nn.MSELoss(), *data.loaders(split, 32), rate=1e-2)


def _columns_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch[0], batch[1]), batch[2])


def _judge_columns(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch[0], batch[1])
    return loss_fn(outputs, batch[2]), (outputs - batch[2]).abs().mean(), len(outputs)


def maximised() -> Any:
    """A likelihood that is made larger, by an optimizer that climbs."""
    model = perceptron(30, 16, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, maximize=True)

    def likelihood(outputs: Tensor, y: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(outputs.reshape(y.shape), y)

    return model, optimizer, likelihood, *data.loaders(data.cancer(), 32)


BODIES: tuple[Training, ...] = (
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
)
