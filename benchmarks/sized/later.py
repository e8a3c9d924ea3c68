"""Four further trainings, made by somebody who had not seen the finder of batch sizes, and met when it was finished."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from kilter.values.pipeline import Pipeline
from sized.subjects import CLASSES, WORDS, Subject, _numbers, _pipeline


class Skips(nn.Module):
    """A small U-Net (Ronneberger et al. 2015): down twice, up twice, with what was seen on the way down beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.deep = _twice(1, 12), _twice(12, 24), _twice(24, 48)
        self.wider = nn.ConvTranspose2d(48, 24, 2, 2)
        self.third = _twice(48, 24)
        self.widest = nn.ConvTranspose2d(24, 12, 2, 2)
        self.fourth = _twice(24, 12)
        self.out = nn.Conv2d(12, 3, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits of three kinds at each place."""
        first = self.first(image)
        second = self.second(nn.functional.max_pool2d(first, 2))
        deep = self.deep(nn.functional.max_pool2d(second, 2))
        up = self.third(torch.cat([self.wider(deep), second], 1))
        return self.out(self.fourth(torch.cat([self.widest(up), first], 1)))


def _twice(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inward in (before, after):
        layers += [nn.Conv2d(inward, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


def _masks(seed: int) -> Any:
    torch.manual_seed(seed)
    images, masks = torch.rand(1200, 1, 40, 40), torch.randint(0, 3, (1200, 40, 40))
    model = Skips()
    train = DataLoader(TensorDataset(images[200:], masks[200:]), batch_size=8, shuffle=True)
    valid = DataLoader(TensorDataset(images[:200], masks[:200]), batch_size=8)
    return model, torch.optim.Adam(model.parameters(), 1e-3), nn.functional.cross_entropy, train, valid


def masks() -> Any:
    """A program: each place of an image is told, in the plain loop."""
    return Pipeline.from_loop(_masks, epochs=2)


class Ragged(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Texts of very different lengths, a tag a word."""

    def __init__(self, rows: int, seed: int) -> None:
        draw = np.random.default_rng(seed)
        lengths = np.clip(draw.lognormal(3.0, 0.7, rows).astype(int), 2, 160)
        self.words = [torch.from_numpy(draw.integers(1, WORDS, length)) for length in lengths]
        self.tags = [torch.from_numpy(draw.integers(0, 9, length)) for length in lengths]

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.words[row], self.tags[row]


def _padded(rows: list[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor]:
    pad = nn.utils.rnn.pad_sequence
    return pad([words for words, _ in rows], True), pad([tags for _, tags in rows], True, -100.0)


class Tagger(nn.Module):
    """Two layers of GRU over words."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, 48, padding_idx=0)
        self.read = nn.GRU(48, 48, num_layers=2, batch_first=True, bidirectional=True, dropout=0.2)
        self.out = nn.Linear(96, 9)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Logits at each word."""
        return self.out(self.read(self.embed(words))[0])


def _by_word(logits: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=-100)


def _tagging(seed: int) -> Any:
    torch.manual_seed(seed)
    model = Tagger()
    train = DataLoader(Ragged(2500, 0), batch_size=16, shuffle=True, collate_fn=_padded)
    valid = DataLoader(Ragged(300, 1), batch_size=16, collate_fn=_padded)
    optimizer = torch.optim.NAdam(model.parameters(), 2e-3)
    return model, optimizer, _by_word, train, valid


def tagging() -> Any:
    """A program: tags of texts that are padded to the longest of their batch."""
    return Pipeline.from_loop(_tagging, epochs=2)


class Tastes(nn.Module):
    """Users and things as vectors, and a mixture of experts over the pair (Jacobs et al. 1991)."""

    def __init__(self, users: int, things: int, width: int = 32, experts: int = 4) -> None:
        super().__init__()
        self.users, self.things = nn.Embedding(users, width), nn.Embedding(things, width)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * width, 128), nn.ReLU(), nn.Linear(128, CLASSES)) for _ in range(experts)
        )
        self.gate = nn.Linear(2 * width, experts)

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        """Logits."""
        both = torch.cat([self.users(pairs[:, 0]), self.things(pairs[:, 1])], 1)
        answers = torch.stack([expert(both) for expert in self.experts], 1)
        return (self.gate(both).softmax(1)[..., None] * answers).sum(1)


def tastes() -> Pipeline:
    """What a user thinks of a thing: tables of vectors with dense Adam, little else."""
    draw = np.random.default_rng(3)
    pairs = np.stack([draw.zipf(1.1, 80_000) % 60_000, draw.zipf(1.2, 80_000) % 20_000], 1).astype(np.int64)
    return _pipeline(functools.partial(Tastes, 60_000, 20_000), {"pairs": torch.from_numpy(pairs)})


class Patches(nn.Module):
    """A transformer over the patches of an image (Dosovitskiy et al. 2021), decay apart, dropout inside."""

    def __init__(self, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, width, 4, 4)
        self.first = nn.Parameter(torch.zeros(1, 1, width))
        self.place = nn.Parameter(0.02 * torch.randn(65, width))
        layer = nn.TransformerEncoderLayer(width, 4, 3 * width, 0.1, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, CLASSES))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Logits."""
        seen = self.cut(image).flatten(2).transpose(1, 2)
        seen = torch.cat([self.first.expand(len(seen), -1, -1), seen], 1) + self.place
        return self.out(self.layers(seen)[:, 0])


def patches() -> Pipeline:
    """Small images in patches, two batches an update."""
    return _pipeline(Patches, {"image": _numbers(3000, 3, 32, 32)}, batch={"size": 32, "accumulate": 2})


LATER = (
    Subject("u-net, own loop", masks, 400),
    Subject("ragged tagger, own loop", tagging, 300),
    Subject("mixture over tables", tastes, 350),
    Subject("patches", patches, 400),
)
