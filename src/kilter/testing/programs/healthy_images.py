"""Healthy programs over pictures: convolutions, normalisation, attention, masks and places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.utils.data import DataLoader, Dataset

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Convolutions
from kilter.testing.programs.steps import (
    CLASSES10,
    schedule_epoch,
    scheduled_step,
    stepping,
)

if TYPE_CHECKING:
    from torch import Tensor


def _classifier(model: nn.Module, optimizer: torch.optim.Optimizer, batch: int = 64) -> Any:
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.pictures(), batch)


def cnn_batchnorm() -> Any:
    """Nesterov momentum."""
    model = Convolutions()
    return _classifier(model, torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True))


def cnn_grouped() -> Any:
    """Grouped convolutions and group normalisation."""
    model = Convolutions(norm="group", groups=4)
    return _classifier(model, torch.optim.AdamW(model.parameters(), lr=1e-2))


def cnn_bare() -> Any:
    """No normalisation at all."""
    model = Convolutions(norm="none")
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=6e-3), 32)


def cnn_depthwise() -> Any:
    """Depthwise convolutions followed by those of one pixel."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16, bias=False),
        nn.BatchNorm2d(16),
        nn.Conv2d(16, 32, 1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU6(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=1e-2))


class Block(nn.Module):
    """Two convolutions beside a shortcut; the last scale begins at zero (Goyal et al. 2017)."""

    def __init__(self, width: int, *, drop: float = 0.0) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm2.weight)
        self.drop = drop

    def forward(self, x: Tensor) -> Any:
        branch = self.norm2(self.second(self.norm1(self.first(x)).relu()))
        if self.training and self.drop:  # whole branches of single examples are left out (Huang et al. 2016)
            kept = torch.rand(len(x), 1, 1, 1) >= self.drop
            branch = branch * kept / (1 - self.drop)
        return (x + branch).relu()


def resnet(drop: float = 0.0) -> Any:
    """Residual blocks, average over the picture."""
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, stride=2, padding=1),
        Block(12, drop=drop),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(48, 10),
    )
    return _classifier(model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4))


def resnet_stochastic_depth() -> Any:
    """Branches left out at random while training."""
    return resnet(drop=0.2)


def cnn_instance() -> Any:
    """Each picture normalised on its own."""
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1),
        nn.InstanceNorm2d(12, affine=True),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(192, 10),
    )
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=5e-3))


class Squeeze(nn.Module):
    """Channels weighed by what the whole picture shows (Hu et al. 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, padding=1)
        self.gate = nn.Sequential(nn.Linear(16, 8), nn.SiLU(), nn.Linear(8, 16), nn.Sigmoid())
        self.out = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Any:
        state = F.silu(self.conv(x))
        state = state * self.gate(state.mean((2, 3)))[:, :, None, None]
        return self.out(F.max_pool2d(state, 2).flatten(1))


def squeeze() -> Any:
    """Sigmoid gates inside, rightly."""
    model = Squeeze()
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=5e-3))


def cnn_spectral() -> Any:
    """Weights divided by their largest singular value: a buffer moves in training."""
    model = nn.Sequential(
        spectral_norm(nn.Conv2d(1, 12, 3, padding=1)),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(192, 10),
    )
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=1e-2))


class Patches(nn.Module):
    """A transformer over patches with a token for the class (Dosovitskiy et al. 2021)."""

    def __init__(self, *, first: bool = True, layers: int = 1) -> None:
        super().__init__()
        self.cut = nn.Conv2d(1, 24, (2, 4), stride=(2, 4))
        self.token = nn.Parameter(torch.zeros(1, 1, 24))
        self.places = nn.Parameter(0.02 * torch.randn(1, 9, 24))
        layer = nn.TransformerEncoderLayer(24, 4, 48, 0.0, "gelu", batch_first=True, norm_first=first)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Any:
        state = self.cut(x).flatten(2).transpose(1, 2)
        state = torch.cat([self.token.expand(len(x), -1, -1), state], 1) + self.places
        return self.head(self.layers(state)[:, 0])


def vision_transformer() -> Any:
    """Norms before, AdamW."""
    model = Patches()
    return _classifier(model, torch.optim.AdamW(model.parameters(), lr=8e-3), 64)


def vision_transformer_warmup() -> Any:
    """Norms after: the rate begins near zero and is warmed up over two epochs."""
    model = Patches(first=False)
    optimizer: Any = torch.optim.Adam(model.parameters(), lr=4e-3)
    optimizer.scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 40))
    return _classifier(model, optimizer, 64)


class Mixer(nn.Module):
    """Perceptrons along patches and along channels in turn (Tolstikhin et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = nn.Conv2d(1, 24, 2, stride=2)
        self.norms = nn.ModuleList([nn.LayerNorm(24), nn.LayerNorm(24)])
        self.patches = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        self.channels = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 24))
        self.out = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Any:
        state = self.cut(x).flatten(2).transpose(1, 2)
        state = state + self.patches(self.norms[0](state).transpose(1, 2)).transpose(1, 2)
        state = state + self.channels(self.norms[1](state))
        return self.out(state.mean(1))


def mixer() -> Any:
    """Transposed twice, and rightly."""
    model = Mixer()
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=1e-2))


class RowReader(nn.Module):
    """A recurrent network that reads a picture row by row."""

    def __init__(self, kind: str = "lstm") -> None:
        super().__init__()
        made: Any = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
        self.rnn = made(8, 32, batch_first=True)
        self.out = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.rnn(x.squeeze(1))[0][:, -1])


def rows_lstm() -> Any:
    """Clipped by norm."""
    model = RowReader()
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=1e-2), 96)


class TimeFirst(nn.Module):
    """The same with time in the first dimension, which is what the network takes."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(8, 32)
        self.out = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Any:
        return self.out(self.rnn(x.squeeze(1).transpose(0, 1))[0][-1])


def rows_gru() -> Any:
    """Time first inside, examples first outside."""
    model = TimeFirst()
    return _classifier(model, torch.optim.Adam(model.parameters(), lr=1e-2), 96)


class Shifted(Dataset[Any]):
    """Pictures moved by up to a pixel, anew each time they are asked for."""

    def __init__(self, images: Tensor, target: Tensor) -> None:
        self.images, self.target = F.pad(images, (1, 1, 1, 1)), target

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        down, right = (int(at) for at in torch.randint(0, 3, (2,)))
        return self.images[row, :, down : down + 8, right : right + 8], self.target[row]


def cnn_augmented() -> Any:
    """Training pictures are moved at random, those of validation are not."""
    model = Convolutions()
    train: Any = DataLoader(Shifted(*data.pictures().train), 64, shuffle=True)
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    optimizer.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 8)
    return model, optimizer, nn.CrossEntropyLoss(), train, data.loaders(data.pictures())[1]


IMAGES: tuple[Training, ...] = (
    well("cnn batchnorm nesterov", cnn_batchnorm, epochs=4, reaches=0.93, **CLASSES10),
    well("cnn grouped group norm", cnn_grouped, epochs=6, reaches=0.9, **CLASSES10),
    well("cnn without norm", cnn_bare, epochs=8, reaches=0.9, **CLASSES10),
    well("cnn depthwise", cnn_depthwise, epochs=5, reaches=0.93, **CLASSES10),
    well("resnet zero last scale", resnet, epochs=5, reaches=0.9, **CLASSES10),
    well("resnet stochastic depth", resnet_stochastic_depth, epochs=6, reaches=0.9, **CLASSES10),
    well("cnn instance norm", cnn_instance, epochs=5, reaches=0.9, **CLASSES10),
    well("cnn squeeze and excite", squeeze, epochs=6, reaches=0.9, **CLASSES10),
    well("cnn spectral norm", cnn_spectral, epochs=6, reaches=0.9, **CLASSES10),
    well("vision transformer pre-norm", vision_transformer, epochs=9, reaches=0.85, **CLASSES10),
    well(
        "vision transformer post-norm warm-up",
        vision_transformer_warmup,
        epochs=14,
        reaches=0.85,
        **(CLASSES10 | {"step": scheduled_step}),
    ),
    well("mixer", mixer, epochs=8, reaches=0.9, **CLASSES10),
    well(
        "rows lstm clipped",
        rows_lstm,
        epochs=12,
        reaches=0.88,
        **(CLASSES10 | {"step": stepping(lambda model, loss_fn, batch: loss_fn(model(batch[0]), batch[1]), clip=1.0)}),
    ),
    well("rows gru time first", rows_gru, epochs=9, reaches=0.88, **CLASSES10),
    well("cnn augmented cosine", cnn_augmented, epochs=8, reaches=0.93, epoch_end=schedule_epoch, **CLASSES10),
)
