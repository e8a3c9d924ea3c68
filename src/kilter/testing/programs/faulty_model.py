"""Faulty programs: what is wrong is in the network or how it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from kilter.testing.programs import data, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Convolutions, perceptron
from kilter.testing.programs.steps import CLASSES10

if TYPE_CHECKING:
    from torch import Tensor


def adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def digits(model: nn.Module) -> Any:
    """Digits by this model."""
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def pictures(model: nn.Module, batch: int = 64) -> Any:
    """Pictures by this model."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.pictures(), batch)


def _rectifiers_dead() -> Any:
    """Biases far below zero."""
    model = perceptron(64, 64, 64, 10)
    nn.init.constant_(model[2].bias, -20.0)  # type: ignore[arg-type]
    return digits(model)


def _tangents_saturated() -> Any:
    layers = [nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10)]
    model = nn.Sequential(*layers)
    for layer in (model[0], model[2]):
        nn.init.normal_(layer.weight, std=8.0)  # type: ignore[arg-type]
    return digits(model)


def _deep_sigmoids() -> Any:
    """Ten sigmoids, no shortcut."""
    layers: list[nn.Module] = [nn.Flatten()]
    for given in (64, *[32] * 9):
        layers += [nn.Linear(given, 32), nn.Sigmoid()]
    return pictures(nn.Sequential(*layers, nn.Linear(32, 10)))


def _deep_unscaled() -> Any:
    """Weights of deviation one, layer upon layer, without normalisation."""
    model = perceptron(64, 64, 64, 64, 64, 10)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _deep_scaled() -> Any:
    model = perceptron(64, 64, 64, 64, 64, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _all_zero() -> Any:
    """All weights begin at zero."""
    model = Convolutions(norm="none")
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.zeros_(layer.weight)
    return model, adam(model, 6e-3), nn.CrossEntropyLoss(), *data.loaders(data.pictures(), 32)


def _all_alike() -> Any:
    """All weights of a layer are the same number."""
    model = perceptron(64, 64, 64, 10)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, 0.02)
    return digits(model)


def _no_rectifier() -> Any:
    """Lines upon lines."""
    model = nn.Sequential(nn.Linear(2, 24), nn.Linear(24, 24), nn.Linear(24, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.circles(), 32)


def _statistics_stale() -> Any:
    """The momentum of another library, in which one means that nothing moves."""
    model = Convolutions()
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1e-4
    return pictures(model)


def _two_rows() -> Any:
    """Batches of two under batch normalisation."""
    model = nn.Sequential(nn.Linear(13, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))
    split = data.Split(*(tuple(column[: len(column) // 2 * 2] for column in part) for part in data.wine().both))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(split, 2)


class _Sharp(healthy_sequences.Pooled):
    """Scores are multiplied so that one word gets everything."""

    def __init__(self) -> None:
        super().__init__()
        nn.init.normal_(self.score.weight, std=30.0)

    def forward(self, tokens: Tensor, mask: Tensor) -> Any:
        state = self.drop(self.embedding(tokens))
        weights = (20 * self.score(state)).masked_fill(~mask.unsqueeze(-1), float("-inf")).softmax(1)
        return self.out((weights * state).sum(1))


def _one_word_wins() -> Any:
    train, valid = ((x, x != 0, y) for x, y in healthy_sequences.documents().both)
    model = _Sharp()
    loaders = data.dict_loaders(data.Split(train, valid), "input_ids", "attention_mask", "label", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), nn.CrossEntropyLoss(), *loaders


MLP = named("digits mlp adam")


CNN = named("cnn batchnorm nesterov")


POOLED = named("words attention pooling")


DEEP = well("digits five layers", _deep_scaled, epochs=8, reaches=0.85, **CLASSES10)

MODEL_FAULTS: tuple[Faulty, ...] = (
    fault("rectifiers dead", MLP, "dead_relu", costs=0.5, build=_rectifiers_dead),
    fault("tangents saturated", MLP, "saturated_activation", costs=0.05, build=_tangents_saturated),
    fault("ten sigmoids", CNN, "vanishing_gradient", costs=0.5, build=_deep_sigmoids),
    fault(
        "unscaled layers", DEEP, "exploding_gradient", "bad_output_init", "lr_too_high", costs=0.2, build=_deep_unscaled
    ),
    fault("all weights zero", named("cnn without norm"), "constant_init", costs=0.5, build=_all_zero),
    fault("all weights alike", MLP, "constant_init", costs=0.2, build=_all_alike),
    fault("lines upon lines", named("circles tanh momentum"), "missing_activation", costs=0.2, build=_no_rectifier),
    fault("statistics stale", CNN, "bn_stats_stale", costs=0.05, build=_statistics_stale),
    fault(
        "two rows normalised",
        named("wine batchnorm rmsprop"),
        "bn_tiny_batch",
        build=_two_rows,
        breaks="statistics of two rows",
    ),
    fault("one word wins", POOLED, "attention_collapse", costs=0.02, build=_one_word_wins),
)
