"""Faulty programs: what is wrong is in the rows, their order, their split or their preparation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from kilter.testing.programs import data, healthy_bodies, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Convolutions, MaskedMean, perceptron
from kilter.testing.programs.steps import CLASSES10, squeezed

if TYPE_CHECKING:
    from torch import Tensor


def adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def drawn(seed: int) -> torch.Generator:
    """A generator of this seed."""
    return torch.Generator().manual_seed(seed)


def _digits(split: data.Split, batch: int = 64, **options: Any) -> Any:
    model = perceptron(64, 64, 64, 10)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(split, batch, **options)


def words(split: data.Split) -> Any:
    """Masked means over these documents or by this model."""
    model = MaskedMean(2)
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(split, 32)


def _shuffled_apart() -> Any:
    """Inputs are shuffled, labels are not; dict batches."""
    (x, y), valid = healthy_sequences.documents().both
    split = data.Split((x[torch.randperm(len(x), generator=drawn(1))], y), valid)
    model = healthy_sequences.LossInside()
    loaders = data.dict_loaders(split, "input_ids", "labels", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), None, *loaders


def _moved_by_one() -> Any:
    """A header was read as a row: each label belongs to the row before."""
    (x, y), valid = data.friedman().both
    model = perceptron(10, 48, 48, 1)
    return model, adam(model), squeezed(nn.MSELoss()), *data.loaders(data.Split((x, y.roll(1)), valid), 32)


def _labels_wrong() -> Any:
    """Two labels in five were drawn by lot."""
    (x, y), valid = data.digits().both
    y = y.clone()
    wrong = torch.rand(len(y), generator=drawn(2)) < 0.45
    y[wrong] = torch.randint(0, 10, (int(wrong.sum()),), generator=drawn(3))
    return _digits(data.Split((x, y), valid))


def _gaps() -> Any:
    """Missing numbers went in as they were."""
    parts = []
    for numbers, categories, y in _columns().both:
        missing = torch.rand(numbers.shape, generator=drawn(4)) < 0.01
        parts.append((numbers.masked_fill(missing, float("nan")), categories, y))
    return healthy_bodies.Columns(), parts


def _columns() -> data.Split:
    draw = drawn(9)
    numbers = torch.randn(700, 4, generator=draw)
    categories = torch.stack(
        [torch.randint(0, 5, (700,), generator=draw), torch.randint(0, 8, (700,), generator=draw)], 1
    )
    y = numbers[:, 0] * (categories[:, 0] - 2) / 2 + (categories[:, 1] - 3.5) / 4
    return data.parted(numbers, categories, y)


def _gaps_in_columns() -> Any:
    model, parts = _gaps()
    return model, adam(model, 1e-2), nn.MSELoss(), *data.loaders(data.Split(*parts), 32)


def _raw_columns() -> Any:
    """Columns in their own units, up to thousands."""
    units = torch.tensor([1.0, 4000.0, 0.001, 70.0, 1.0, 1.0, 900.0, 1.0, 1.0, 0.1])
    train, valid = ((x * units + 3 * units, y) for x, y in data.friedman().both)
    model = perceptron(10, 48, 48, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
    return model, optimizer, squeezed(nn.HuberLoss()), *data.loaders(data.Split(train, valid), 32)


def _prices() -> Any:
    """Amounts in the hundred thousands."""
    train, valid = ((x, 80_000 * y + 250_000) for x, y in data.friedman().both)
    model = perceptron(10, 48, 48, 1)
    return model, adam(model), squeezed(nn.MSELoss()), *data.loaders(data.Split(train, valid), 32)


def _one_class_after_another() -> Any:
    """Files were read folder by folder."""
    (x, y), valid = data.digits().both
    order = y.argsort(stable=True)
    train = list(zip(torch.split(x[order], 32), torch.split(y[order], 32), strict=True))
    model = perceptron(64, 48, 10)
    return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9), nn.CrossEntropyLoss(), train, [valid]


def _in_any_order() -> Any:
    train, valid = data.digits().both
    model = perceptron(64, 48, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return (
        model,
        optimizer,
        nn.CrossEntropyLoss(),
        list(zip(torch.split(train[0], 32), torch.split(train[1], 32), strict=True)),
        [valid],
    )


def _outcome_among_columns() -> Any:
    """A column that is filled in after the outcome is known."""
    parts = []
    for at, (x, y) in enumerate(data.friedman().both):
        later = y[:, None] * 3 + 0.05 * torch.randn(len(y), 1, generator=drawn(at))
        parts.append((torch.cat([x[:, :9], later], 1), y))
    model = perceptron(10, 48, 48, 1)
    return model, adam(model), squeezed(nn.MSELoss()), *data.loaders(data.Split(*parts), 32)


def _rare_unweighted() -> Any:
    """One row in fifty, and nothing done about it."""
    x, y = data.rare().train
    kept = (y == 0) | (torch.rand(len(y), generator=drawn(5)) < 0.25)
    model = perceptron(12, 16, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    return (
        model,
        optimizer,
        nn.CrossEntropyLoss(),
        *data.loaders(data.Split((x[kept], y[kept]), data.rare().valid), 128),
    )


class _FirstAlways(Dataset[Any]):
    """The index is forgotten."""

    def __init__(self, part: tuple[Tensor, ...]) -> None:
        self.part = part

    def __len__(self) -> int:
        return len(self.part[0])

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        tokens, y = self.part
        return {"input_ids": tokens[0], "labels": y[row]}


def _same_document() -> Any:
    train, _ = healthy_sequences.documents().both
    model = healthy_sequences.LossInside()
    loader: Any = DataLoader(_FirstAlways(train), 32, shuffle=True)
    valid = data.dict_loaders(healthy_sequences.documents(), "input_ids", "labels")[1]
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), None, loader, valid


def _washed_out() -> Any:
    """Noise far above the picture, in training only."""
    (x, y), valid = data.pictures().both
    split = data.Split((x + 3 * torch.randn(x.shape, generator=drawn(6)), y), valid)
    model = Convolutions()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(split)


def _thirty_rows() -> Any:
    (x, y), valid = data.pictures().both
    model = Convolutions()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.Split((x[:25], y[:25]), valid), 8)


def _cut_short() -> Any:
    """Three words of each document are kept."""
    train, valid = ((x[:, :3], y) for x, y in healthy_sequences.documents().both)
    return words(data.Split(train, valid))


def _all_the_same() -> Any:
    """Nine rows of ten are copies of a few."""
    (x, y), valid = data.digits().both
    copies = torch.cat([torch.arange(25).repeat(44), torch.arange(25, 125)])
    return _digits(data.Split((x[copies], y[copies]), valid))


MLP = named("digits mlp adam")


WORDS = named("words masked mean")


ORDERED = well("batches in any order", _in_any_order, epochs=6, reaches=0.9, **CLASSES10)


PLAIN_CNN = named("cnn batchnorm nesterov")

DATA_FAULTS: tuple[Faulty, ...] = (
    fault("documents shuffled apart", named("words loss inside"), "label_misaligned", costs=0.2, build=_shuffled_apart),
    fault(
        "labels moved by one",
        named("friedman mse"),
        "label_misaligned",
        "labels_shifted",
        costs=0.5,
        build=_moved_by_one,
    ),
    fault("labels wrong", MLP, "label_noise", costs=0.03, build=_labels_wrong),
    fault("gaps in columns", named("numbers and categories"), "nan_in_data", costs=0.1, build=_gaps_in_columns),
    fault("columns in their units", named("friedman huber"), "unnormalized_input", costs=0.3, build=_raw_columns),
    fault("prices in full", named("friedman mse"), "unnormalized_target", costs=0.3, build=_prices),
    fault("class after class", ORDERED, "no_shuffle_sorted", costs=0.1, build=_one_class_after_another),
    fault(
        "outcome among the columns",
        named("friedman mse"),
        "target_leak",
        build=_outcome_among_columns,
        breaks="a column is the target",
    ),
    fault(
        "rare class unweighted",
        named("rare class weighted"),
        "imbalance_zero_recall",
        costs=0.1,
        build=_rare_unweighted,
    ),
    fault("same document", named("words loss inside"), "constant_input", costs=0.2, build=_same_document),
    fault("pictures washed out", PLAIN_CNN, "input_noise", costs=0.1, build=_washed_out),
    fault("twenty-five pictures", PLAIN_CNN, "too_little_data", costs=0.1, build=_thirty_rows, epochs=12),
    fault("documents cut short", WORDS, "truncated_inputs", costs=0.1, build=_cut_short),
    fault("copies of a few", MLP, "data_anomaly", "too_little_data", costs=0.05, build=_all_the_same),
)
