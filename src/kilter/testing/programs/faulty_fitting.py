"""Faulty programs: settings with which nothing good can come of a training that is right otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from kilter.testing.programs import data, healthy_making, healthy_sequences, healthy_tags
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Encoder, Tagger, perceptron
from kilter.testing.programs.steps import TWO, squeezed

if TYPE_CHECKING:
    from collections.abc import Callable

    from kilter.testing.programs.entries import Build


def _digits(
    made: Callable[[Any], Any], *, widths: tuple[int, ...] = (64, 48, 10), batch: int = 64, dropout: float = 0.0
) -> Build:
    def build() -> Any:
        model = perceptron(*widths, dropout=dropout)
        return model, made(model.parameters()), nn.CrossEntropyLoss(), *data.loaders(data.digits(), batch)

    return build


def _words(made: Callable[[Any], Any], *, first: bool = True, layers: int = 1) -> Build:
    def build() -> Any:
        model = Encoder(2, first=first, layers=layers)
        return model, made(model.parameters()), nn.CrossEntropyLoss(), *data.loaders(healthy_sequences.documents(), 32)

    return build


def _tags(made: Callable[[Any], Any], *, width: int = 16, drop: float = 0.0) -> Build:
    def build() -> Any:
        model = Tagger(4, width=width)
        if drop:
            model.embedding = nn.Sequential(model.embedding, nn.Dropout(drop))  # type: ignore[assignment]
        loss_fn = nn.CrossEntropyLoss(ignore_index=data.IGNORED)
        return model, made(model.parameters()), loss_fn, *data.loaders(data.tagged(), 32)

    return build


def _waves(made: Callable[[Any], Any]) -> Build:
    def build() -> Any:
        model = healthy_tags.Forecast()
        return model, made(model.parameters()), nn.MSELoss(), *data.loaders(data.series(), 64)

    return build


def _language(made: Callable[[Any], Any]) -> Build:
    def build() -> Any:
        model = healthy_making.Reader()
        return model, made(model.parameters()), nn.CrossEntropyLoss(), *data.loaders(data.sentences(), 32)

    return build


def _overfitted(rows: int = 48) -> Any:
    """A wide network and few rows, for long."""
    (x, y), valid = data.cancer().both
    y = y.clone()
    wrong = torch.rand(len(y), generator=torch.Generator().manual_seed(3)) < 0.1
    y[wrong] = 1 - y[wrong]
    model = perceptron(30, 256, 256, 1)
    split = data.Split((x[:rows], y[:rows]), valid)
    return (
        model,
        torch.optim.Adam(model.parameters(), lr=3e-3),
        squeezed(nn.BCEWithLogitsLoss()),
        *data.loaders(split, 16),
    )


def _fitted() -> Any:
    return _overfitted(rows=398)


def _narrow() -> Any:
    """One unit bends the plane once."""
    model = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.circles(), 32)


def _single() -> Any:
    """One row a step at the rate for thirty-two."""
    model = perceptron(10, 48, 48, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    split = data.Split(*(tuple(column[:150] for column in part) for part in data.friedman().both))
    return model, optimizer, squeezed(nn.MSELoss()), *data.loaders(split, 1)


MLP = named("digits mlp adam")
WORDS = named("words transformer pre-norm")
TAGGER = named("tagger lstm both ways")
WAVES = named("waves gru")
FITTED = well("cancer all rows", _fitted, epochs=5, reaches=0.9, **TWO)
SGD = named("sgd decay nesterov")

FITTING_FAULTS: tuple[Faulty, ...] = (
    fault(
        "transformer at a tenth", WORDS, "lr_too_high", costs=0.2, build=_words(lambda p: torch.optim.Adam(p, lr=0.3))
    ),
    fault("tagger at a fifth", TAGGER, "lr_too_high", costs=0.1, build=_tags(lambda p: torch.optim.Adam(p, lr=3.0))),
    fault(
        "waves at three",
        WAVES,
        "lr_too_high",
        costs=0.2,
        build=_waves(lambda p: torch.optim.SGD(p, lr=3.0, momentum=0.9)),
    ),
    fault(
        "words at a millionth", WORDS, "lr_too_low", costs=0.2, build=_words(lambda p: torch.optim.AdamW(p, lr=1e-6))
    ),
    fault(
        "language at a ten-thousandth",
        named("language lstm clipped"),
        "lr_too_low",
        costs=0.2,
        build=_language(lambda p: torch.optim.SGD(p, lr=1e-3)),
    ),
    fault(
        "decay of three",
        WORDS,
        "weight_decay_too_high",
        costs=0.1,
        build=_words(lambda p: torch.optim.AdamW(p, lr=5e-3, weight_decay=30.0)),
    ),
    fault(
        "waves decayed",
        WAVES,
        "weight_decay_too_high",
        costs=0.2,
        build=_waves(lambda p: torch.optim.Adam(p, lr=1e-2, weight_decay=0.3)),
    ),
    fault(
        "momentum of nearly one",
        SGD,
        "momentum_too_high",
        costs=0.03,
        build=_digits(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9995)),
    ),
    fault(
        "tagger with a large epsilon",
        TAGGER,
        "adam_eps_wrong",
        costs=0.1,
        build=_tags(lambda p: torch.optim.Adam(p, lr=1e-2, eps=1.0)),
    ),
    fault(
        "almost all dropped",
        MLP,
        "dropout_too_high",
        costs=0.1,
        build=_digits(lambda p: torch.optim.Adam(p, lr=5e-3), widths=(64, 64, 64, 10), dropout=0.95),
    ),
    fault(
        "tagger's words dropped",
        TAGGER,
        "dropout_too_high",
        costs=0.05,
        build=_tags(lambda p: torch.optim.Adam(p, lr=1e-2), drop=0.9),
    ),
    fault("one epoch of language", named("language causal transformer tied"), "too_few_epochs", costs=0.1, epochs=1),
    fault("one unit", named("circles tanh momentum"), "underfit_capacity", costs=0.1, build=_narrow),
    fault(
        "two units for digits",
        MLP,
        "underfit_capacity",
        costs=0.2,
        build=_digits(lambda p: torch.optim.Adam(p, lr=5e-3), widths=(64, 2, 10)),
    ),
    fault("few rows for long", FITTED, "overfitting", "too_little_data", costs=0.02, build=_overfitted, epochs=60),
    fault("rows one by one", named("friedman mse"), "batch_too_small", "lr_too_high", costs=0.05, build=_single),
    fault(
        "all rows at once",
        MLP,
        "batch_too_large",
        "too_few_epochs",
        costs=0.1,
        build=_digits(lambda p: torch.optim.Adam(p, lr=5e-3), widths=(64, 64, 64, 10), batch=2000),
    ),
)
