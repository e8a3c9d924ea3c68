"""Faulty programs: what is wrong is in the rows, their order, their split or their preparation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from kilter.testing.programs import data, healthy_batches, healthy_images, healthy_sequences
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import Convolutions, MaskedMean, Tagger, perceptron
from kilter.testing.programs.steps import CLASSES10, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor


def _adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


def _drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _digits(split: data.Split, batch: int = 64, **options: Any) -> Any:
    model = perceptron(64, 64, 64, 10)
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(split, batch, **options)


def _words(split: data.Split) -> Any:
    model = MaskedMean(2)
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(split, 32)


def _shuffled_apart() -> Any:
    """Inputs are shuffled, labels are not; dict batches."""
    (x, y), valid = healthy_sequences.documents().both
    split = data.Split((x[torch.randperm(len(x), generator=_drawn(1))], y), valid)
    model = healthy_sequences.LossInside()
    loaders = data.dict_loaders(split, "input_ids", "labels", batch=32)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2), None, *loaders


def _moved_by_one() -> Any:
    """A header was read as a row: each label belongs to the row before."""
    (x, y), valid = data.friedman().both
    model = perceptron(10, 48, 48, 1)
    return model, _adam(model), squeezed(nn.MSELoss()), *data.loaders(data.Split((x, y.roll(1)), valid), 32)


def _labels_wrong() -> Any:
    """Two labels in five were drawn by lot."""
    (x, y), valid = data.digits().both
    y = y.clone()
    wrong = torch.rand(len(y), generator=_drawn(2)) < 0.45
    y[wrong] = torch.randint(0, 10, (int(wrong.sum()),), generator=_drawn(3))
    return _digits(data.Split((x, y), valid))


def _gaps() -> Any:
    """Missing numbers went in as they were."""
    parts = []
    for numbers, categories, y in _columns().both:
        numbers = numbers.clone()
        numbers[torch.rand(numbers.shape, generator=_drawn(4)) < 0.01] = float("nan")
        parts.append((numbers, categories, y))
    return healthy_batches.Columns(), parts


def _columns() -> data.Split:
    draw = _drawn(9)
    numbers = torch.randn(700, 4, generator=draw)
    categories = torch.stack([torch.randint(0, 5, (700,), generator=draw), torch.randint(0, 8, (700,), generator=draw)], 1)
    y = numbers[:, 0] * (categories[:, 0] - 2) / 2 + (categories[:, 1] - 3.5) / 4
    return data.parted(numbers, categories, y)


def _gaps_in_columns() -> Any:
    model, parts = _gaps()
    return model, _adam(model, 1e-2), nn.MSELoss(), *data.loaders(data.Split(*parts), 32)


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
    return model, _adam(model), squeezed(nn.MSELoss()), *data.loaders(data.Split(train, valid), 32)


def _one_class_after_another() -> Any:
    """Files were read folder by folder."""
    (x, y), valid = data.digits().both
    order = y.argsort(stable=True)
    train = list(zip(x[order].split(32), y[order].split(32), strict=True))
    model = perceptron(64, 48, 10)
    return model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9), nn.CrossEntropyLoss(), train, [valid]


def _in_any_order() -> Any:
    train, valid = data.digits().both
    model = perceptron(64, 48, 10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), list(zip(train[0].split(32), train[1].split(32), strict=True)), [valid]


def _drawn_before_split() -> Any:
    """Rows were drawn with repetition to balance the classes, and split afterwards."""
    x, y = (torch.cat(columns) for columns in zip(*data.rare().both, strict=True))
    often = torch.cat([torch.nonzero(y == 0).squeeze(1), torch.nonzero(y == 1).squeeze(1).repeat(19)])
    split = data.parted(x[often] + 0.0, y[often])
    model = perceptron(12, 32, 2)
    return model, _adam(model), nn.CrossEntropyLoss(), *data.loaders(split, 128)


def _validated_on_training() -> Any:
    """Validation is drawn from all rows, training ones among them."""
    train, valid = data.cancer().both
    everything = tuple(torch.cat(columns) for columns in zip(train, valid, strict=True))
    model = perceptron(30, 16, 1)
    return model, _adam(model), squeezed(nn.BCEWithLogitsLoss()), *data.loaders(data.Split(everything, valid), 32)


def _outcome_among_columns() -> Any:
    """A column that is filled in after the outcome is known."""
    parts = []
    for at, (x, y) in enumerate(data.friedman().both):
        later = y[:, None] * 3 + 0.05 * torch.randn(len(y), 1, generator=_drawn(at))
        parts.append((torch.cat([x[:, :9], later], 1), y))
    model = perceptron(10, 48, 48, 1)
    return model, _adam(model), squeezed(nn.MSELoss()), *data.loaders(data.Split(*parts), 32)


def _scaled_otherwise() -> Any:
    """Validation pictures in 0..16, training ones in 0..1."""
    train, valid = data.pictures().both
    split = data.Split(train, (16 * valid[0], valid[1]))
    model = Convolutions(norm="none")
    return model, _adam(model, 6e-3), nn.CrossEntropyLoss(), *data.loaders(split, 32)


def _rare_unweighted() -> Any:
    """One row in fifty, and nothing done about it."""
    x, y = data.rare().train
    kept = (y == 0) | (torch.rand(len(y), generator=_drawn(5)) < 0.25)
    model = perceptron(12, 16, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.Split((x[kept], y[kept]), data.rare().valid), 128)


@torch.no_grad()
def _half_of_logits(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """F1 of labels whose logit, taken for a probability, is above nine tenths."""
    model.eval()
    pairs = [(model(x), y) for x, y in loader]
    outputs, y = (torch.cat(part) for part in zip(*pairs, strict=True))
    found = (outputs.sigmoid() > 0.95).float()
    return float(loss_fn(outputs, y)), float(2 * (found * y).sum() / (found + y).sum().clamp(min=1))


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
    split = data.Split((x + 3 * torch.randn(x.shape, generator=_drawn(6)), y), valid)
    model = Convolutions()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(split)


def _last_rows_valid() -> Any:
    """Rows sorted by class; the last ones are for validation."""
    x, y = (torch.cat(columns) for columns in zip(*data.blobs().both, strict=True))
    order = y.argsort(stable=True)
    x, y = x[order], y[order]
    model = perceptron(6, 16, 3)
    split = data.Split((x[:300], y[:300]), (x[300:], y[300:]))
    return model, _adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(split, 32)


def _thirty_rows() -> Any:
    (x, y), valid = data.pictures().both
    model = Convolutions()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.Split((x[:25], y[:25]), valid), 8)


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


def _cut_short() -> Any:
    """Three words of each document are kept."""
    train, valid = ((x[:, :3], y) for x, y in healthy_sequences.documents().both)
    return _words(data.Split(train, valid))


def _other_vocabulary() -> Any:
    """Validation was numbered by a vocabulary of its own."""
    train, (x, y) = healthy_sequences.documents().both
    numbers = torch.cat([torch.zeros(1, dtype=torch.long), torch.randperm(19, generator=_drawn(8)) + 1])
    return _words(data.Split(train, (numbers[x], y)))


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


def _all_the_same() -> Any:
    """Nine rows of ten are copies of a few."""
    (x, y), valid = data.digits().both
    copies = torch.cat([torch.arange(25).repeat(44), torch.arange(25, 125)])
    return _digits(data.Split((x[copies], y[copies]), valid))


def _spread_tags() -> Any:
    model = Tagger(4)
    loss_fn = nn.CrossEntropyLoss(ignore_index=data.IGNORED)
    return model, _adam(model, 2e-3), loss_fn, *data.loaders(data.tagged(longest=48), 32)


MLP = named("digits mlp adam")
WORDS = named("words masked mean")
ORDERED = well("batches in any order", _in_any_order, epochs=6, reaches=0.9, **CLASSES10)
SPREAD = well("tagger padded to four times", _spread_tags, epochs=3, reaches=0.3, **{key: getattr(named("tagger lstm both ways").program, key) for key in ("task", "classes", "pad", "step", "validate")})
PLAIN_CNN = named("cnn batchnorm nesterov")

DATA_FAULTS: tuple[Faulty, ...] = (
    fault("documents shuffled apart", named("words loss inside"), "label_misaligned", costs=0.2, build=_shuffled_apart),
    fault("labels moved by one", named("friedman mse"), "label_misaligned", "labels_shifted", costs=0.5, build=_moved_by_one),
    fault("labels wrong", MLP, "label_noise", costs=0.03, build=_labels_wrong),
    fault("gaps in columns", named("numbers and categories"), "nan_in_data", costs=0.1, build=_gaps_in_columns),
    fault("columns in their units", named("friedman huber"), "unnormalized_input", costs=0.3, build=_raw_columns),
    fault("prices in full", named("friedman mse"), "unnormalized_target", costs=0.3, build=_prices),
    fault("class after class", ORDERED, "no_shuffle_sorted", costs=0.1, build=_one_class_after_another),
    fault("drawn before the split", named("rare class weighted"), "train_val_leak", build=_drawn_before_split, breaks="validation rows are training rows"),
    fault("validated on training rows", named("cancer linear sgd"), "train_val_leak", build=_validated_on_training, breaks="validation rows are training rows"),
    fault("outcome among the columns", named("friedman mse"), "target_leak", build=_outcome_among_columns, breaks="a column is the target"),
    fault("validation scaled otherwise", named("cnn without norm"), "val_preprocess_mismatch", build=_scaled_otherwise, breaks="validation inputs are sixteen times as large"),
    fault("rare class unweighted", named("rare class weighted"), "imbalance_zero_recall", costs=0.1, build=_rare_unweighted),
    fault("threshold far up", named("topics bce"), "threshold_wrong", costs=0.1, validate=_half_of_logits),
    fault("same document", named("words loss inside"), "constant_input", costs=0.2, build=_same_document),
    fault("pictures washed out", PLAIN_CNN, "input_noise", costs=0.1, build=_washed_out),
    fault("last rows for validation", named("blobs easy"), "unshuffled_split", costs=0.2, build=_last_rows_valid),
    fault("twenty-five pictures", PLAIN_CNN, "too_little_data", costs=0.1, build=_thirty_rows, epochs=12),
    fault("same augmentation", named("cnn augmented cosine"), "duplicate_augmentation_seed", "val_preprocess_mismatch", build=_same_augmentation, breaks="every picture is moved alike"),
    fault("augmented validation", named("cnn augmented cosine"), "augmentation_on_validation", costs=0.02, build=_augmented_both),
    fault("documents cut short", WORDS, "truncated_inputs", costs=0.1, build=_cut_short),
    fault("another vocabulary", WORDS, "vocabulary_mismatch", "distribution_shift", costs=0.2, build=_other_vocabulary),
    fault("padding is right", SPREAD, "wrong_metric", validate=_padding_is_right, breaks="the metric counts padding"),
    fault("right of the last batch", MLP, "wrong_metric", costs=0.3, validate=_share_of_batches),
    fault("another site", PLAIN_CNN, "distribution_shift", "val_preprocess_mismatch", costs=0.3, build=_other_site),
    fault("copies of a few", MLP, "data_anomaly", "too_little_data", costs=0.05, build=_all_the_same),
)
