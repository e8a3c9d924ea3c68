"""Small data for the recorded trainings: what scikit-learn ships, and what is generated. Nothing is fetched."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from sklearn import datasets
from torch import Tensor

Split = tuple[Tensor, Tensor, Tensor, Tensor]
"""Training inputs and targets, then those held out."""


def _split(x: Any, y: Any, held: int, *, seed: int = 0) -> Split:
    order = np.random.default_rng(seed).permutation(len(x))
    inputs = torch.as_tensor(np.asarray(x)[order], dtype=torch.float32)
    targets = torch.as_tensor(np.asarray(y)[order])
    targets = targets.float() if targets.is_floating_point() else targets.long()
    return inputs[held:], targets[held:], inputs[:held], targets[:held]


@cache
def digits() -> Split:
    """Handwritten digits: 1397 to train on, 400 held out; 64 inputs between 0 and 1, 10 classes."""
    bunch = datasets.load_digits()
    return _split(bunch.data / 16, bunch.target, 400)


def _standard(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (x - x.mean(0)) / x.std(0)


@cache
def tumours() -> Split:
    """Breast cancer: 419 to train on, 150 held out; 30 standardised inputs, targets 0 and 1 as amounts."""
    bunch = datasets.load_breast_cancer()
    return _split(_standard(bunch.data), bunch.target.astype(float), 150)


@cache
def wine() -> Split:
    """Wine: 118 to train on, 60 held out; 13 standardised inputs, 3 classes."""
    bunch = datasets.load_wine()
    return _split(_standard(bunch.data), bunch.target, 60)


@cache
def diabetes() -> Split:
    """Diabetes: 312 to train on, 130 held out; 10 standardised inputs, a standardised amount."""
    bunch = datasets.load_diabetes()
    return _split(_standard(bunch.data), _standard(bunch.target), 130)


@cache
def friedman(count: int = 3000, noise: float = 1.0) -> Split:
    """Friedman's first function: a standardised amount of ten inputs, with noise."""
    x, y = datasets.make_friedman1(count, noise=noise, random_state=0)
    return _split(x, _standard(y), count // 5)


@cache
def moons(count: int = 1200, noise: float = 0.15) -> Split:
    """Two moons: targets 0 and 1 as amounts."""
    x, y = datasets.make_moons(count, noise=noise, random_state=0)
    return _split(x, y.astype(float), count // 4)


@cache
def imbalanced(count: int = 4000, share: float = 0.03, *, apart: float = 1.0, seed: int = 0) -> Split:
    """A rare class among twenty inputs; `apart` is how well it can be told."""
    x, y = datasets.make_classification(
        count, n_informative=5, weights=[1 - share], class_sep=apart, flip_y=0, random_state=seed
    )
    return _split(x, y.astype(float), count // 4)


@cache
def blobs(count: int = 6000, classes: int = 6, spread: float = 2.0) -> Split:
    """Gaussian clouds in eight dimensions."""
    x, y = datasets.make_blobs(count, 8, centers=classes, cluster_std=spread, center_box=(-4, 4), random_state=0)
    return _split(_standard(x), y, count // 6)


def text(count: int, length: int, *, seed: int = 0, symbols: int = 12, sharp: float = 2.0) -> tuple[Tensor, Tensor]:
    """Sequences of a random chain of second order, and the same one symbol on: there is something to learn, not all."""
    table = torch.softmax(
        sharp * torch.randn(symbols, symbols, symbols, generator=torch.Generator().manual_seed(99)), -1
    )
    source = torch.Generator().manual_seed(seed)
    drawn = torch.randint(0, symbols, (count, 2), generator=source)
    for _ in range(length - 1):
        shares = table[drawn[:, -2], drawn[:, -1]]
        drawn = torch.cat([drawn, torch.multinomial(shares, 1, generator=source)], 1)
    return drawn[:, 1:-1], drawn[:, 2:]


def waves(count: int, length: int, *, seed: int = 0, noise: float = 0.1) -> tuple[Tensor, Tensor]:
    """Sums of two sine waves with noise, and their next value."""
    source = torch.Generator().manual_seed(seed)
    time = torch.arange(length + 1) / 6
    pace = 0.5 + torch.rand(count, 2, 1, generator=source)
    phase = 6.28 * torch.rand(count, 2, 1, generator=source)
    series = torch.sin(pace * time + phase).sum(1) + noise * torch.randn(count, length + 1, generator=source)
    return series[:, :-1, None], series[:, 1:]
