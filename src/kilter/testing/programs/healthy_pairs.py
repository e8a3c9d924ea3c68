"""Healthy programs that compare: siamese networks, rankings, two views, teachers; and a bandit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import CLASSES10, stepping, validating

if TYPE_CHECKING:
    from torch import Tensor

COMPARED: dict[str, Any] = {"task": "contrastive"}


def adam(model: nn.Module, rate: float = 3e-3) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


class Pairs(Dataset[Any]):
    """Two digits and whether they are the same one; every second pair is."""

    def __init__(self, part: tuple[Tensor, ...], *, signs: bool = False) -> None:
        self.x, self.y = part
        self.places = [torch.nonzero(self.y == digit).squeeze(1) for digit in range(10)]
        self.signs = signs

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        same = row % 2 == 0
        digit = int(self.y[row]) if same else (int(self.y[row]) + 1 + row % 9) % 10
        other = int(self.places[digit][(row * 7919) % len(self.places[digit])])
        label = 2.0 * same - 1 if self.signs else float(same)
        return self.x[row], self.x[other], torch.tensor(label)


def paired(*, signs: bool = False) -> Any:
    """Batches (first, second, label) of both parts."""
    train: Any = DataLoader(Pairs(data.digits().train, signs=signs), 64, shuffle=True)
    return train, DataLoader(Pairs(data.digits().valid, signs=signs), 256)


def siamese() -> Any:
    """One network called twice; like pairs are drawn together, unlike ones pushed apart (Hadsell et al. 2006)."""
    model = perceptron(64, 48, 8)

    def loss_fn(distance: Tensor, same: Tensor) -> Tensor:
        return (same * distance**2 + (1 - same) * (1.5 - distance).clamp(min=0) ** 2).mean()

    return model, adam(model), loss_fn, *paired()


def _siamese_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    first, second, same = batch
    return loss_fn((model(first) - model(second)).norm(dim=1), same)


def _judge_siamese(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    first, second, same = batch
    distance = (model(first) - model(second)).norm(dim=1)
    return loss_fn(distance, same), ((distance < 0.75) == (same > 0.5)).float().mean(), len(same)


def cosine() -> Any:
    """The cosine of two embeddings, labels -1 and 1."""
    model = perceptron(64, 48, 8)
    return model, adam(model), nn.CosineEmbeddingLoss(margin=0.3), *paired(signs=True)


def _cosine_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch[0]), model(batch[1]), batch[2])


def _judge_cosine(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    first, second = model(batch[0]), model(batch[1])
    right = (F.cosine_similarity(first, second) > 0.65) == (batch[2] > 0)
    return loss_fn(first, second, batch[2]), right.float().mean(), len(right)


def triplet() -> Any:
    """An anchor nearer to its like than to another, by a margin."""
    parts = []
    for x, y in data.digits().both:
        by_digit = [torch.nonzero(y == digit).squeeze(1) for digit in range(10)]
        like = torch.stack([x[by_digit[int(d)][at % len(by_digit[int(d)])]] for at, d in enumerate(y)])
        unlike = torch.stack([x[by_digit[(int(d) + 1 + at % 9) % 10][at % 40]] for at, d in enumerate(y)])
        parts.append((x, like, unlike))
    model = perceptron(64, 48, 8)
    return model, adam(model), nn.TripletMarginLoss(margin=0.5), *data.loaders(data.Split(*parts))


def _triplet_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(*(model(part) for part in batch))


def _judge_triplet(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    anchor, like, unlike = (model(part) for part in batch)
    right = (anchor - like).norm(dim=1) < (anchor - unlike).norm(dim=1)
    return loss_fn(anchor, like, unlike), right.float().mean(), len(right)


def views(part: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """The left and the right half of each digit."""
    halves = part[0].view(-1, 8, 2, 4)
    return halves[:, :, 0].flatten(1), halves[:, :, 1].flatten(1)


class Towers(nn.Module):
    """Two networks for two kinds of things, and how sharp their agreement is (Radford et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = perceptron(32, 64, 16), perceptron(32, 64, 16)
        self.sharpness = nn.Parameter(torch.tensor(2.0))

    def forward(self, left: Tensor, right: Tensor) -> Any:
        first, second = F.normalize(self.left(left), dim=-1), F.normalize(self.right(right), dim=-1)
        return self.sharpness.exp() * first @ second.T


def towers() -> Any:
    """Rows of a batch are each other's opponents, both ways: the loss rightly depends on the whole batch."""
    train, valid = data.digits().both
    model = Towers()
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.Split(views(train), views(valid)))


def _towers_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    scores = model(*batch)
    own = torch.arange(len(scores))
    return (loss_fn(scores, own) + loss_fn(scores.T, own)) / 2


def _judge_towers(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    scores = model(*(part[:64] for part in batch))
    own = torch.arange(len(scores))
    return loss_fn(scores, own), (scores.topk(5).indices == own[:, None]).any(1).float().mean(), len(own)


def two_views() -> Any:
    """Two noisy views of each digit find each other among the others (Chen et al. 2020); no label is used."""
    train, valid = data.digits().both
    model = perceptron(64, 64, 16)
    loaders: Any = data.tensor_loader(train[0], 64, shuffle=True, drop_last=True), data.tensor_loader(valid[0], 64)
    return model, adam(model), None, *loaders


def _noisy(x: Tensor) -> Tensor:
    return (x + 0.15 * torch.randn_like(x)) * (torch.rand_like(x) > 0.1)


def _views_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    codes = F.normalize(model(torch.cat([_noisy(batch), _noisy(batch)])), dim=-1)
    scores = (codes @ codes.T / 0.2).fill_diagonal_(float("-inf"))
    partner = torch.arange(len(codes)).roll(len(batch))
    return F.cross_entropy(scores, partner)


def _judge_views(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = (F.normalize(model(_noisy(batch)), dim=-1) for _ in range(2))
        loss = _views_loss(model, loss_fn, batch)
    right = (first @ second.T).argmax(1) == torch.arange(len(batch))
    return loss, right.float().mean(), len(batch)


class Directions(nn.Module):
    """Classes as directions; the logits are scaled cosines (Wang et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = perceptron(64, 48, 16)
        self.classes = nn.Parameter(torch.randn(10, 16))

    def forward(self, x: Tensor) -> Any:
        return 10 * F.normalize(self.body(x), dim=-1) @ F.normalize(self.classes, dim=-1).T


def directions() -> Any:
    """Outputs bound to -10..10, rightly."""
    model = Directions()
    return model, adam(model, 5e-3), nn.CrossEntropyLoss(), *data.loaders(data.digits())


PAIRS: tuple[Training, ...] = (
    well(
        "siamese contrastive",
        siamese,
        epochs=5,
        reaches=0.8,
        step=stepping(_siamese_loss),
        validate=validating(_judge_siamese),
        **COMPARED,
    ),
    well(
        "siamese cosine",
        cosine,
        epochs=5,
        reaches=0.8,
        step=stepping(_cosine_loss),
        validate=validating(_judge_cosine),
        **COMPARED,
    ),
    well(
        "triplet margin",
        triplet,
        epochs=5,
        reaches=0.9,
        step=stepping(_triplet_loss),
        validate=validating(_judge_triplet),
        **COMPARED,
    ),
    well(
        "two towers",
        towers,
        epochs=8,
        reaches=0.5,
        step=stepping(_towers_loss),
        validate=validating(_judge_towers),
        **COMPARED,
    ),
    well(
        "two views",
        two_views,
        epochs=6,
        reaches=0.75,
        step=stepping(_views_loss),
        validate=validating(_judge_views),
        **COMPARED,
    ),
    well("directions of classes", directions, epochs=8, reaches=0.9, **CLASSES10),
)
