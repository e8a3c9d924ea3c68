"""Healthy programs that learn a distribution: autoencoders, opponents, flows, mixtures, noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import plain_step, stepping, validating

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
from kilter.testing.programs.healthy_making import adam


def autoencoder() -> Any:
    """Batches are single tensors; they are their own target."""
    train, valid = data.digits().both
    model = perceptron(64, 64, 16, 64, 64)
    loaders: Any = data.tensor_loader(train[0], 32, shuffle=True), data.tensor_loader(valid[0], 256)
    return model, adam(model), nn.MSELoss(), *loaders


def _self_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return loss_fn(model(batch), batch)


def _judge_self(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = loss_fn(model(batch), batch)
    return loss, 1 - loss / batch.var(0, correction=0).mean(), len(batch)


class Variational(nn.Module):
    """A code that is drawn (Kingma and Welling 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = perceptron(64, 64, 16), perceptron(8, 64, 64)

    def forward(self, x: Tensor) -> tuple[Any, Tensor, Tensor]:
        mean, spread = self.encoder(x).chunk(2, -1)
        code = mean + torch.randn_like(mean) * (spread / 2).exp() if self.training else mean
        return self.decoder(code), mean, spread


def variational() -> Any:
    """Likelihood of pixels and distance of codes from noise, summed over pixels, averaged over pictures."""
    train, valid = data.digits().both
    model = Variational()

    def loss_fn(outputs: Any, x: Tensor) -> Any:
        found, mean, spread = outputs
        told = F.binary_cross_entropy_with_logits(found, x, reduction="none").sum(-1)
        far = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(-1)
        return (told + far).mean()

    loaders: Any = data.tensor_loader(train[0], 64, shuffle=True), data.tensor_loader(valid[0], 256)
    return model, adam(model), loss_fn, *loaders


def _judge_pixels(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    outputs = model(batch)
    rest = ((outputs[0].sigmoid() - batch) ** 2).mean()
    return loss_fn(outputs, batch), 1 - rest / batch.var(0, correction=0).mean(), len(batch)


class Rivals(nn.Module):
    """A maker and a judge of points (Goodfellow et al. 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.maker, self.judge = perceptron(4, 32, 32, 2), perceptron(2, 32, 32, 1)

    def forward(self, noise: Tensor) -> Any:
        return self.maker(noise)


def rivals() -> Any:
    """Two optimizers in a dict, no loss function, no target; points around (2, -1)."""
    points = torch.randn(600, 2, generator=torch.Generator().manual_seed(6)) * 0.5 + torch.tensor([2.0, -1.0])
    model = Rivals()
    optimizers = {
        "maker": torch.optim.Adam(model.maker.parameters(), lr=2e-3, betas=(0.5, 0.999)),
        "judge": torch.optim.Adam(model.judge.parameters(), lr=2e-3, betas=(0.5, 0.999)),
    }
    loaders: Any = data.tensor_loader(points[:448], 32, shuffle=True), data.tensor_loader(points[448:], 152)
    return model, optimizers, nn.BCEWithLogitsLoss(), *loaders


def _rivals_step(model: Any, optimizer: Any, loss_fn: Any, batch: Tensor) -> dict[str, float]:
    true, false = torch.ones(len(batch), 1), torch.zeros(len(batch), 1)
    made = model(torch.randn(len(batch), 4))
    optimizer["judge"].zero_grad()
    judged: Tensor = loss_fn(model.judge(batch), true) + loss_fn(model.judge(made.detach()), false)
    judged.backward()  # type: ignore[no-untyped-call]
    optimizer["judge"].step()
    optimizer["maker"].zero_grad()
    fooled: Tensor = loss_fn(model.judge(made), true)
    fooled.backward()  # type: ignore[no-untyped-call]
    optimizer["maker"].step()
    return {"loss": judged.item(), "maker": fooled.item()}


@torch.no_grad()
def _distance(model: Any, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    model.eval()
    points = torch.cat(list(loader))
    made = model(torch.randn(len(points), 4, generator=torch.Generator().manual_seed(0)))
    away = float((made.mean(0) - points.mean(0)).norm())
    return away, away


class Flow(nn.Module):
    """Half of the numbers move and stretch the other half, in turn (Dinh et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.nets = nn.ModuleList(perceptron(1, 32, 2) for _ in range(6))

    def forward(self, x: Tensor) -> Tensor:
        """Negative log-likelihood of each row."""
        stretched = torch.zeros(len(x))
        for at, net in enumerate(self.nets):
            kept, moved = (x[:, :1], x[:, 1:]) if at % 2 else (x[:, 1:], x[:, :1])
            scale, shift = net(kept).chunk(2, -1)
            scale = scale.tanh()
            moved = moved * scale.exp() + shift
            stretched = stretched + scale.squeeze(1)
            x = torch.cat([kept, moved], 1) if at % 2 else torch.cat([moved, kept], 1)
        return 0.5 * (x**2).sum(1) + math.log(2 * math.pi) - stretched


def flow() -> Any:
    """The model gives losses itself; two moons."""
    train, valid = data.moons().both
    model = Flow()
    loaders: Any = data.tensor_loader(train[0], 32, shuffle=True), data.tensor_loader(valid[0], 256)
    return model, adam(model, 1e-2), None, *loaders


def _flow_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    return model(batch).mean()


def _judge_flow(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = model(batch).mean()
    return loss, -loss, len(batch)


class Mixture(nn.Module):
    """Weights, means and spreads of three bells for each row (Bishop 1994)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 9))

    def forward(self, x: Tensor) -> tuple[Any, Any, Any]:
        weights, means, spreads = self.body(x).chunk(3, -1)
        return weights.log_softmax(-1), means, spreads


def mixture() -> Any:
    """One of two answers is right, a mean of them never."""
    draw = torch.Generator().manual_seed(7)
    x = 2 * torch.rand(600, 1, generator=draw) - 1
    sign = (torch.rand(600, generator=draw) < 0.5).float() * 2 - 1
    y = sign * (1 + x[:, 0]) + 0.1 * torch.randn(600, generator=draw)

    def loss_fn(outputs: Any, y: Tensor) -> Tensor:
        weights, means, spreads = outputs
        bells = -0.5 * ((y[:, None] - means) / spreads.exp()) ** 2 - spreads - 0.5 * math.log(2 * math.pi)
        return -torch.logsumexp(weights + bells, -1).mean()

    model = Mixture()
    return model, adam(model, 1e-2), loss_fn, *data.loaders(data.parted(x, y), 32)


def _judge_mixture(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    loss = loss_fn(model(batch[0]), batch[1])
    return loss, -loss, len(batch[1])


class Noise(nn.Module):
    """What noise was added, told from the noisy point and how much there was."""

    def __init__(self) -> None:
        super().__init__()
        self.body = perceptron(3, 48, 48, 2)

    def forward(self, x: Tensor, share: Tensor) -> Any:
        return self.body(torch.cat([x, share], 1))


def diffusion() -> Any:
    """Noise is drawn in the step; the loss stays well above zero, since noise cannot all be told (Ho et al. 2020)."""
    train, valid = data.circles().both
    model = Noise()
    loaders: Any = data.tensor_loader(train[0], 64, shuffle=True), data.tensor_loader(valid[0], 256)
    return model, adam(model), nn.MSELoss(), *loaders


def _noise_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    share = torch.rand(len(batch), 1)
    noise = torch.randn_like(batch)
    return loss_fn(model((1 - share).sqrt() * batch + share.sqrt() * noise, share), noise)


def _judge_noise(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        loss = _noise_loss(model, loss_fn, batch.repeat(4, 1))
    return loss, 1 - loss, len(batch)


DISTRIBUTIONS: tuple[Training, ...] = (
    well(
        "autoencoder single tensors",
        autoencoder,
        epochs=10,
        reaches=0.45,
        task="other",
        step=stepping(_self_loss),
        validate=validating(_judge_self),
    ),
    well(
        "autoencoder variational",
        variational,
        epochs=12,
        reaches=0.33,
        task="other",
        step=stepping(_self_loss),
        validate=validating(_judge_pixels),
    ),
    well(
        "rivals two optimizers",
        rivals,
        epochs=12,
        reaches=0.6,
        task="other",
        step=_rivals_step,
        validate=_distance,
        higher_is_better=False,
    ),
    well(
        "flow likelihood",
        flow,
        epochs=20,
        reaches=-2.65,
        task="other",
        step=stepping(_flow_loss),
        validate=validating(_judge_flow),
    ),
    well(
        "mixture density",
        mixture,
        epochs=20,
        reaches=-0.6,
        task="regression",
        step=plain_step,
        validate=validating(_judge_mixture),
    ),
    well(
        "diffusion noise",
        diffusion,
        epochs=15,
        reaches=0.3,
        task="other",
        step=stepping(_noise_loss),
        validate=validating(_judge_noise),
    ),
)
