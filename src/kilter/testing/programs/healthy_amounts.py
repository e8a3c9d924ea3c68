"""Healthy programs over tables whose target is an amount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import (
    AMOUNT,
    mean_error,
    plain_step,
    squeezed,
    validating,
)

if TYPE_CHECKING:
    from torch import Tensor
from kilter.testing.programs.healthy_tables import adam


def friedman_mse() -> Any:
    """One amount, squared error."""
    model = perceptron(10, 48, 48, 1)
    return model, adam(model), squeezed(nn.MSELoss()), *data.loaders(data.friedman(), 32)


def friedman_huber() -> Any:
    """The same by a loss that large errors move less."""
    model = perceptron(10, 48, 48, 1)
    return model, adam(model), squeezed(nn.HuberLoss()), *data.loaders(data.friedman(), 32)


def friedman_two_outputs() -> Any:
    """Two amounts a row, the second of them the first's square."""
    train, valid = ((x, torch.stack([y, y**2 - 1], 1)) for x, y in data.friedman().both)
    model = perceptron(10, 64, 64, 2)
    return model, adam(model), nn.MSELoss(), *data.loaders(data.Split(train, valid), 32)


class Spread(nn.Module):
    """A mean and a logarithm of a variance for each row."""

    def __init__(self, given: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(given, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh())
        self.mean, self.spread = nn.Linear(48, 1), nn.Linear(48, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        state = self.body(x)
        return self.mean(state).squeeze(1), self.spread(state).squeeze(1)


def friedman_gaussian() -> Any:
    """Mean and variance by likelihood: the loss becomes negative."""
    model = Spread(10)

    def loss_fn(outputs: tuple[Tensor, Tensor], y: Tensor) -> Tensor:
        mean, spread = outputs
        return F.gaussian_nll_loss(mean, y, spread.exp())

    return model, adam(model), loss_fn, *data.loaders(data.friedman(), 32)


def _judge_spread(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    return loss_fn(outputs, y), (outputs[0] - y).abs().mean(), len(y)


QUANTILES = (0.1, 0.5, 0.9)


def _pinball(outputs: Tensor, y: Tensor) -> Tensor:
    rest = y[:, None] - outputs
    levels = torch.tensor(QUANTILES)
    return torch.maximum(levels * rest, (levels - 1) * rest).mean()


def friedman_quantiles() -> Any:
    """Three quantiles of one amount."""
    model = perceptron(10, 48, 48, len(QUANTILES))
    return model, adam(model), _pinball, *data.loaders(data.friedman(), 32)


def _judge_quantiles(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    return loss_fn(outputs, y), (outputs[:, 1] - y).abs().mean(), len(y)


def counts_poisson() -> Any:
    """Counts by their likelihood; the output is the logarithm of the rate."""
    x = torch.randn(700, 4, generator=torch.Generator().manual_seed(2))
    rate = (0.6 * x[:, 0] - 0.5 * x[:, 1] + 1).exp()
    split = data.parted(x, torch.poisson(rate, generator=torch.Generator().manual_seed(3)))
    model = perceptron(4, 24, 1)
    return model, adam(model), squeezed(nn.PoissonNLLLoss()), *data.loaders(split, 32)


@torch.no_grad()
def count_error(model: nn.Module, loss_fn: Any, loader: Any) -> tuple[float, float]:
    """Mean absolute error of the rate, relative to that of the mean count."""
    model.eval()
    pairs = [(model(x).squeeze(-1), y) for x, y in loader]
    outputs, y = (torch.cat(part) for part in zip(*pairs, strict=True))
    return float(loss_fn(outputs, y)), float((outputs.exp() - y).abs().mean() / (y.mean() - y).abs().mean())


def diabetes_ridge() -> Any:
    """Few noisy rows, a linear model, weight decay: half of the variance is all there is."""
    model = nn.Linear(10, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)
    return model, optimizer, squeezed(nn.MSELoss()), *data.loaders(data.diabetes(), 32)


AMOUNTS: tuple[Training, ...] = (
    well("friedman mse", friedman_mse, epochs=12, reaches=0.85, **AMOUNT),
    well("friedman huber", friedman_huber, epochs=12, reaches=0.85, **AMOUNT),
    well(
        "friedman two outputs",
        friedman_two_outputs,
        epochs=12,
        reaches=0.5,
        task="regression",
        step=plain_step,
        validate=mean_error,
        higher_is_better=False,
    ),
    well(
        "friedman gaussian likelihood",
        friedman_gaussian,
        epochs=15,
        reaches=0.4,
        task="regression",
        step=plain_step,
        validate=validating(_judge_spread),
        higher_is_better=False,
    ),
    well(
        "friedman quantiles",
        friedman_quantiles,
        epochs=12,
        reaches=0.4,
        task="regression",
        step=plain_step,
        validate=validating(_judge_quantiles),
        higher_is_better=False,
    ),
    well(
        "counts poisson",
        counts_poisson,
        epochs=10,
        reaches=0.8,
        task="regression",
        step=plain_step,
        validate=count_error,
        higher_is_better=False,
    ),
    well("diabetes linear decay", diabetes_ridge, epochs=25, reaches=0.35, **AMOUNT),
)
