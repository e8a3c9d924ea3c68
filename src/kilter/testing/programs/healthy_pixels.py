"""Healthy programs whose answer is a picture or a place in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.steps import (
    plain_step,
    validating,
)

if TYPE_CHECKING:
    from torch import Tensor


class Outline(nn.Module):
    """Down and up again, with what was seen on the way down."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.deep = nn.Conv2d(8, 16, 3, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.out = nn.Conv2d(16, 1, 1)

    def forward(self, x: Tensor) -> Any:
        fine = self.down(x).relu()
        coarse = self.deep(F.max_pool2d(fine, 2)).relu()
        return self.out(torch.cat([fine, self.up(coarse)], 1)).squeeze(1)


def _dice(outputs: Tensor, mask: Tensor) -> Tensor:
    likely = outputs.sigmoid()
    shared = 2 * (likely * mask).sum((1, 2)) + 1
    return (1 - shared / ((likely + mask).sum((1, 2)) + 1)).mean()


def segmentation() -> Any:
    """Each pixel in or out: cross-entropy and overlap together; most pixels are out."""
    model = Outline()
    split = data.Split(*(part[:2] for part in data.shapes().both))

    def loss_fn(outputs: Tensor, mask: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(outputs, mask) + _dice(outputs, mask)

    return model, torch.optim.Adam(model.parameters(), lr=1e-2), loss_fn, *data.loaders(split, 32)


def _judge_overlap(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, mask = batch
    outputs = model(x)
    found = outputs > 0
    both = (found & (mask > 0.5)).sum((1, 2)) / (found | (mask > 0.5)).sum((1, 2)).clamp(min=1)
    return loss_fn(outputs, mask), both.mean(), len(x)


def places() -> Any:
    """Where the square's middle is: two amounts in 0..1."""
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(288, 32),
        nn.ReLU(),
        nn.Linear(32, 2),
    )
    split = data.Split(*((part[0], part[2]) for part in data.shapes().both))
    return model, torch.optim.Adam(model.parameters(), lr=3e-3), nn.SmoothL1Loss(beta=0.1), *data.loaders(split, 32)


def _judge_place(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, middle = batch
    outputs = model(x)
    return loss_fn(outputs, middle), (outputs - middle).abs().mean(), len(x)


class Denoiser(nn.Module):
    """Convolutions down, transposed ones up."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.ReLU())
        self.up = nn.Sequential(nn.ConvTranspose2d(12, 8, 2, stride=2), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Any:
        return self.up(self.down(x))


def denoising() -> Any:
    """The picture itself is the target, its noisy form the input."""
    model = Denoiser()
    train, valid = ((image + 0.3 * torch.randn(image.shape), image) for image, _ in data.pictures().both)
    return model, torch.optim.Adam(model.parameters(), lr=1e-2), nn.MSELoss(), *data.loaders(data.Split(train, valid))


PIXELS: tuple[Training, ...] = (
    well(
        "segmentation bce and dice",
        segmentation,
        epochs=4,
        reaches=0.6,
        task="other",
        step=plain_step,
        validate=validating(_judge_overlap),
    ),
    well(
        "places smooth l1",
        places,
        epochs=14,
        reaches=0.06,
        task="regression",
        step=plain_step,
        validate=validating(_judge_place),
        higher_is_better=False,
    ),
    well(
        "denoising autoencoder",
        denoising,
        epochs=4,
        reaches=0.14,
        task="regression",
        step=plain_step,
        validate=validating(_judge_place),
        higher_is_better=False,
    ),
)
