"""Faulty programs: validation is not what it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from kilter.testing.programs import data, healthy_images, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Convolutions, Tagger, perceptron
from kilter.testing.programs.steps import squeezed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
from kilter.testing.programs.faulty_data import MLP, PLAIN_CNN, WORDS, adam, drawn, words


def _drawn_before_split() -> Any:
    """Rows were drawn with repetition to balance the classes, and split afterwards."""
    x, y = (torch.cat(columns) for columns in zip(*data.rare().both, strict=True))
    often = torch.cat([torch.nonzero(y == 0).squeeze(1), torch.nonzero(y == 1).squeeze(1).repeat(19)])
    split = data.parted(x[often] + 0.0, y[often])
    model = perceptron(12, 32, 2)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(split, 128)


def _validated_on_training() -> Any:
    """Validation is drawn from all rows, training ones among them."""
    train, valid = data.cancer().both
    everything = tuple(torch.cat(columns) for columns in zip(train, valid, strict=True))
    model = perceptron(30, 16, 1)
    return model, adam(model), squeezed(nn.BCEWithLogitsLoss()), *data.loaders(data.Split(everything, valid), 32)


def _scaled_otherwise() -> Any:
    """Validation pictures in 0..16, training ones in 0..1."""
    train, valid = data.pictures().both
    split = data.Split(train, (16 * valid[0], valid[1]))
    model = Convolutions(norm="none")
    return model, adam(model, 6e-3), nn.CrossEntropyLoss(), *data.loaders(split, 32)


@torch.no_grad()
def _half_of_logits(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """F1 of labels whose logit, taken for a probability, is above nine tenths."""
    model.eval()
    pairs = [(model(x), y) for x, y in loader]
    outputs, y = (torch.cat(part) for part in zip(*pairs, strict=True))
    found = (outputs.sigmoid() > 0.95).float()
    return float(loss_fn(outputs, y)), float(2 * (found * y).sum() / (found + y).sum().clamp(min=1))


def _last_rows_valid() -> Any:
    """Rows sorted by class; the last ones are for validation."""
    x, y = (torch.cat(columns) for columns in zip(*data.blobs().both, strict=True))
    order = y.argsort(stable=True)
    x, y = x[order], y[order]
    model = perceptron(6, 16, 3)
    split = data.Split((x[:300], y[:300]), (x[300:], y[300:]))
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(split, 32)


class _SeededNoise(healthy_images.Shifted):
    """Each row seeds the generator itself, so that its augmentation is the same for ever, and that of all rows."""

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        draw = torch.Generator().manual_seed(0)
        down, right = (int(at) for at in torch.randint(0, 3, (2,), generator=draw))
        return self.images[row, :, down : down + 8, right : right + 8], self.target[row]


def _same_augmentation() -> Any:
    model = Convolutions()
    train: Any = DataLoader(_SeededNoise(*data.pictures().train), 64, shuffle=True)
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 8)
    return model, optimizer, nn.CrossEntropyLoss(), train, data.loaders(data.pictures())[1]


class _Erased(healthy_images.Shifted):
    """A quarter of each picture is erased, too."""

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        image, label = super().__getitem__(row)
        image = image.clone()
        top, left = (int(at) for at in torch.randint(0, 5, (2,)))
        image[:, top : top + 4, left : left + 4] = 0
        return image, label


def _augmented_both() -> Any:
    """The same transformation for both."""
    model = Convolutions()
    loaders: Any = (
        DataLoader(_Erased(*data.pictures().train), 64, shuffle=True),
        DataLoader(_Erased(*data.pictures().valid), 256),
    )
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 8)
    return model, optimizer, nn.CrossEntropyLoss(), *loaders


def _other_vocabulary() -> Any:
    """Validation was numbered by a vocabulary of its own."""
    train, (x, y) = healthy_sequences.documents().both
    numbers = torch.cat([torch.zeros(1, dtype=torch.long), torch.randperm(19, generator=drawn(8)) + 1])
    return words(data.Split(train, (numbers[x], y)))


@torch.no_grad()
def _padding_is_right(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """Padding counts among the words that are right, since it is filled in on both sides."""
    model.eval()
    right, losses = [], []
    for tokens, lengths, tags in loader:
        outputs = model(tokens, lengths)
        losses.append(loss_fn(outputs.flatten(0, 1), tags.flatten()))
        found = outputs.argmax(-1).masked_fill(tokens == 0, data.IGNORED)
        right.append((found == tags).float().mean(1))
    return float(torch.stack(losses).mean()), float(torch.cat(right).mean())


@torch.no_grad()
def _share_of_batches(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """Right answers of the last batch over the rows of all."""
    model.eval()
    loss = right = rows = 0.0
    for x, y in loader:
        outputs = model(x)
        loss = float(loss_fn(outputs, y))
        right = float((outputs.argmax(-1) == y).sum())
        rows += len(y)
    return loss, right / rows


def _other_site() -> Any:
    """Validation comes from another place: turned by a quarter, and darker."""
    train, (x, y) = data.pictures().both
    return _pictures(data.Split(train, (0.5 * x.transpose(2, 3).flip(3), y)))


def _pictures(split: data.Split) -> Any:
    model = Convolutions()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(split)


def _spread_tags() -> Any:
    model = Tagger(4)
    loss_fn = nn.CrossEntropyLoss(ignore_index=data.IGNORED)
    return model, adam(model, 2e-3), loss_fn, *data.loaders(data.tagged(longest=48), 32)


SPREAD = well(
    "tagger padded to four times",
    _spread_tags,
    epochs=3,
    reaches=0.3,
    **{
        key: getattr(named("tagger lstm both ways").program, key)
        for key in ("task", "classes", "pad", "step", "validate")
    },
)

SPLIT_FAULTS: tuple[Faulty, ...] = (
    fault(
        "drawn before the split",
        named("rare class weighted"),
        "train_val_leak",
        build=_drawn_before_split,
        breaks="validation rows are training rows",
    ),
    fault(
        "validated on training rows",
        named("cancer linear sgd"),
        "train_val_leak",
        build=_validated_on_training,
        breaks="validation rows are training rows",
    ),
    fault(
        "validation scaled otherwise",
        named("cnn without norm"),
        "val_preprocess_mismatch",
        build=_scaled_otherwise,
        breaks="validation inputs are sixteen times as large",
    ),
    fault("threshold far up", named("topics bce"), "threshold_wrong", costs=0.1, validate=_half_of_logits),
    fault("last rows for validation", named("blobs easy"), "unshuffled_split", costs=0.2, build=_last_rows_valid),
    fault(
        "same augmentation",
        named("cnn augmented cosine"),
        "duplicate_augmentation_seed",
        "val_preprocess_mismatch",
        build=_same_augmentation,
        breaks="every picture is moved alike",
    ),
    fault(
        "augmented validation",
        named("cnn augmented cosine"),
        "augmentation_on_validation",
        costs=0.02,
        build=_augmented_both,
    ),
    fault("another vocabulary", WORDS, "vocabulary_mismatch", "distribution_shift", costs=0.2, build=_other_vocabulary),
    fault("padding is right", SPREAD, "wrong_metric", validate=_padding_is_right, breaks="the metric counts padding"),
    fault("right of the last batch", MLP, "wrong_metric", costs=0.3, validate=_share_of_batches),
    fault("another site", PLAIN_CNN, "distribution_shift", "val_preprocess_mismatch", costs=0.3, build=_other_site),
)
