"""Small data for programs: scikit-learn's built-in sets, and sequences, pictures and pairs that are drawn."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from sklearn import datasets
from torch.utils.data import DataLoader, Dataset, TensorDataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

IGNORED = -100
"""Where a tag is padding."""


class Split(NamedTuple):
    """Training and validation rows of as many columns as there are; each column is a tensor (n, ...)."""

    train: tuple[Tensor, ...]
    valid: tuple[Tensor, ...]

    @property
    def both(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The two, to be unpacked."""
        return self.train, self.valid


class Rows(Dataset[Any]):
    """Rows of named columns as dicts."""

    def __init__(self, columns: Sequence[Tensor], names: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.names = tuple(names)

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, row: int) -> dict[str, Tensor]:
        return {name: column[row] for name, column in zip(self.names, self.columns, strict=True)}


def loaders(split: Split, batch: int = 64, *, shuffle: bool = True) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Batches (columns...) of both parts, those of training in a fresh order each epoch."""
    train: DataLoader[Any] = DataLoader(TensorDataset(*split.train), batch, shuffle=shuffle)
    return train, DataLoader(TensorDataset(*split.valid), 256)


def dict_loaders(split: Split, *names: str, batch: int = 64) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """The same, each batch a dict of the columns by these names."""
    train: DataLoader[Any] = DataLoader(Rows(split.train, names), batch, shuffle=True)
    return train, DataLoader(Rows(split.valid, names), 256)


def tensor_loader(rows: Tensor, batch: int, *, shuffle: bool = False, drop_last: bool = False) -> DataLoader[Any]:
    """Batches that are single tensors."""
    given: Any = rows
    return DataLoader(given, batch, shuffle=shuffle, drop_last=drop_last)


def parted(*columns: Tensor, share: float = 0.7, seed: int = 0) -> Split:
    """Rows in a random order, the first share of them for training."""
    order = torch.randperm(len(columns[0]), generator=torch.Generator().manual_seed(seed))
    cut = int(share * len(order))
    return Split(tuple(c[order[:cut]] for c in columns), tuple(c[order[cut:]] for c in columns))


def standardised(split: Split, column: int = 0) -> Split:
    """A column with mean 0 and deviation 1 by what training says."""
    mean, deviation = split.train[column].mean(0), split.train[column].std(0) + 1e-8

    def scaled(part: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple((c - mean) / deviation if at == column else c for at, c in enumerate(part))

    return Split(scaled(split.train), scaled(split.valid))


def _tensor(array: NDArray[Any]) -> Tensor:
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float32)


@cache
def digits() -> Split:
    """(n, 64) in 0..1 and 10 classes."""
    found = datasets.load_digits()
    return parted(_tensor(found.data / 16), torch.tensor(found.target))


@cache
def pictures() -> Split:
    """The digits as (n, 1, 8, 8)."""
    train, valid = digits().both
    return Split((train[0].view(-1, 1, 8, 8), train[1]), (valid[0].view(-1, 1, 8, 8), valid[1]))


@cache
def cancer() -> Split:
    """(n, 30), standardised, and a label 0.0 or 1.0."""
    found = datasets.load_breast_cancer()
    return standardised(parted(_tensor(found.data), _tensor(found.target)))


@cache
def wine() -> Split:
    """(n, 13), standardised, and 3 classes."""
    found = datasets.load_wine()
    return standardised(parted(_tensor(found.data), torch.tensor(found.target)))


@cache
def diabetes() -> Split:
    """(n, 10) and an amount, both standardised; about half of it can be explained."""
    found = datasets.load_diabetes(scaled=False)
    return standardised(standardised(parted(_tensor(found.data), _tensor(found.target))), 1)


@cache
def friedman(rows: int = 900) -> Split:
    """(n, 10) and an amount, both standardised (Friedman 1991)."""
    inputs, target = datasets.make_friedman1(rows, 10, noise=0.5, random_state=4)
    return standardised(standardised(parted(_tensor(inputs), _tensor(target))), 1)


@cache
def moons(rows: int = 600) -> Split:
    """(n, 2) and 2 classes."""
    inputs, target = datasets.make_moons(rows, noise=0.15, random_state=8)
    return standardised(parted(_tensor(inputs), torch.tensor(target)))


@cache
def circles(rows: int = 600) -> Split:
    """(n, 2) and 2 classes that no line parts."""
    inputs, target = datasets.make_circles(rows, noise=0.08, factor=0.45, random_state=8)
    return standardised(parted(_tensor(inputs), torch.tensor(target)))


@cache
def blobs() -> Split:
    """(n, 6) and 3 classes that lie far apart."""
    inputs, target = datasets.make_blobs(450, 6, centers=3, cluster_std=1.0, random_state=8)
    return standardised(parted(_tensor(inputs), torch.tensor(target)))


@cache
def rare(rows: int = 2400) -> Split:
    """(n, 12) and 2 classes, of which the second has one row in twenty."""
    inputs, target = datasets.make_classification(
        rows, 12, n_informative=6, n_redundant=2, weights=[0.95], class_sep=1.6, flip_y=0.0, random_state=8
    )
    return standardised(parted(_tensor(inputs), torch.tensor(target)))


@cache
def topics() -> Split:
    """(n, 20) and (n, 5) labels 0.0 or 1.0, two a row on average."""
    inputs, target = datasets.make_multilabel_classification(1000, 20, n_classes=5, n_labels=2, random_state=8)
    return standardised(parted(_tensor(inputs), _tensor(target)))


@cache
def documents(rows: int = 900, *, longest: int = 16, shortest: int = 3, seed: int = 0) -> Split:
    """Tokens (n, longest) of 1..19 padded with 0, lengths (n,), and whether small tokens are the more frequent."""
    draw = np.random.default_rng(seed)
    tokens = np.zeros((rows, longest), np.int64)
    lengths = draw.integers(shortest, min(16, longest) + 1, rows)
    target = np.zeros(rows, np.int64)
    for row, length in enumerate(lengths):
        small = draw.random(length) < draw.uniform(0.15, 0.85)
        tokens[row, :length] = np.where(small, draw.integers(1, 10, length), draw.integers(10, 20, length))
        target[row] = int(2 * (tokens[row, :length] < 10).sum() > length)
    return parted(torch.tensor(tokens), torch.tensor(lengths), torch.tensor(target))


@cache
def tagged(rows: int = 500, *, longest: int = 12, seed: int = 0) -> Split:
    """Tokens (n, longest) of 1..11, lengths, and one of 4 tags by the token and the one before; padded with -100."""
    draw = np.random.default_rng(seed)
    tokens = np.zeros((rows, longest), np.int64)
    target = np.full((rows, longest), IGNORED, np.int64)
    lengths = draw.integers(4, 13, rows)
    for row, length in enumerate(lengths):
        tokens[row, :length] = draw.integers(1, 12, length)
        before = np.concatenate([[0], tokens[row, : length - 1]])
        target[row, :length] = 2 * (tokens[row, :length] > 5) + (before > 5)
    return parted(torch.tensor(tokens), torch.tensor(lengths), torch.tensor(target))


@cache
def sentences(rows: int = 500, *, length: int = 13, words: int = 12, seed: int = 0) -> Split:
    """Token sequences (n, length) of 1..words, each word followed by one of two others: about log 2 can be reached."""
    draw = np.random.default_rng(seed)
    following = np.stack([draw.permutation(words) + 1, draw.permutation(words) + 1])
    made = np.zeros((rows, length), np.int64)
    made[:, 0] = draw.integers(1, words + 1, rows)
    for at in range(1, length):
        pick = (draw.random(rows) < 0.15).astype(int)
        made[:, at] = following[pick, made[:, at - 1] - 1]
    return parted(torch.tensor(made))


@cache
def translations(rows: int = 700, *, longest: int = 7, words: int = 9, seed: int = 0) -> Split:
    """Sources (n, longest) of 3..words+2 padded with 0, and what they mean: begin 1, each word moved by one, end 2."""
    draw = np.random.default_rng(seed)
    source = np.zeros((rows, longest), np.int64)
    target = np.zeros((rows, longest + 2), np.int64)
    for row, length in enumerate(draw.integers(3, longest + 1, rows)):
        said = draw.integers(0, words, length)
        source[row, :length] = said + 3
        target[row, : length + 2] = [1, *((said + 1) % words + 3), 2]
    return parted(torch.tensor(source), torch.tensor(target))


@cache
def series(rows: int = 600, *, length: int = 16, seed: int = 0) -> Split:
    """Noisy waves (n, length, 1) and the value that follows (n,)."""
    draw = np.random.default_rng(seed)
    pace, phase = draw.uniform(0.3, 0.9, (rows, 1)), draw.uniform(0, 6.28, (rows, 1))
    wave = np.sin(pace * np.arange(length + 1) + phase) + 0.05 * draw.normal(size=(rows, length + 1))
    return parted(_tensor(wave[:, :-1, None]), _tensor(wave[:, -1]))


@cache
def ratings(users: int = 40, items: int = 30, *, seed: int = 0) -> Split:
    """Users (n,), items (n,) and how much the one likes the other, (n,)."""
    draw = np.random.default_rng(seed)
    tastes, traits = draw.normal(size=(users, 3)), draw.normal(size=(items, 3))
    user, item = (part.ravel() for part in np.meshgrid(range(users), range(items)))
    liked = (tastes[user] * traits[item]).sum(1) + 0.2 * draw.normal(size=len(user))
    return standardised(parted(torch.tensor(user), torch.tensor(item), _tensor(liked), share=0.8), 2)


@cache
def shapes(rows: int = 400, *, side: int = 12, seed: int = 0) -> Split:
    """Noisy pictures (n, 1, side, side) of a bright square, its mask (n, side, side) and its middle (n, 2) in 0..1."""
    draw = np.random.default_rng(seed)
    image = 0.2 * draw.normal(size=(rows, 1, side, side))
    mask = np.zeros((rows, side, side))
    middle = np.zeros((rows, 2))
    for row in range(rows):
        size = int(draw.integers(3, 6))
        top, left = draw.integers(0, side - size + 1, 2)
        mask[row, top : top + size, left : left + size] = 1
        middle[row] = (top + size / 2) / side, (left + size / 2) / side
    return parted(_tensor(image + mask[:, None]), _tensor(mask), _tensor(middle))
