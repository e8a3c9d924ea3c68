"""Small trainings whose best learning rate can be told by trying: what `learning_rate.py` asks the finders about.

Each takes a few seconds: networks, optimizers, schedules, batch sizes and lengths as people have them. `FIRST` were
there while the finder was written; `LATER` were made when it was finished.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LRScheduler, MultiStepLR, OneCycleLR
from torch.utils.data import DataLoader, TensorDataset
from trainings.data import blobs, diabetes, digits, friedman, imbalanced, moons, text, tumours
from trainings.kit import mlp
from trainings.networks import Transformer, Writer, small_convolutions

from kilter.values.pipeline import Pipeline
from kilter.values.program import Program

Parameters = Any
Plan = Callable[[torch.optim.Optimizer, int, int], LRScheduler | None]
"""optimizer, steps of the whole training, steps an epoch -> a scheduler that goes on with each step."""


@final
@dataclass(frozen=True, kw_only=True)
class Problem:
    """A training: `rate` is the middle of the rates at which its truth is sought."""

    name: str
    data: Callable[[], tuple[Tensor, Tensor, Tensor, Tensor]]
    network: Callable[[], nn.Module]
    optimise: Callable[[nn.Module, float], torch.optim.Optimizer]
    loss: Callable[[Tensor, Tensor], Tensor]
    plan: Plan
    epochs: int
    rate: float
    batch: int = 32

    def program(self) -> Program:
        """It as a person would hand it over."""
        return Pipeline.from_loop(self._make, step=_step, epochs=self.epochs)

    def _make(self, seed: int) -> tuple[nn.Module, Any, Any, Any, Any]:
        torch.manual_seed(seed)
        x, y, held_x, held_y = self.data()
        model = self.network()
        optimizer = self.optimise(model, self.rate)
        order = torch.Generator().manual_seed(seed)
        train = DataLoader(TensorDataset(x, y), batch_size=self.batch, shuffle=True, generator=order)
        valid = DataLoader(TensorDataset(held_x, held_y), batch_size=512)
        optimizer.plan = self.plan(optimizer, self.epochs * len(train), len(train))  # type: ignore[attr-defined]
        return model, optimizer, self.loss, train, valid


def _step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> Tensor:
    optimizer.zero_grad()
    loss: Tensor = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    if optimizer.plan is not None:
        optimizer.plan.step()
    return loss


def adam(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adam with decay apart, as most people have it."""
    return torch.optim.AdamW(model.parameters(), rate)


def momentum(model: nn.Module, rate: float, *, nesterov: bool = False, decay: float = 0.0) -> torch.optim.Optimizer:
    """Gradient descent with momentum .9."""
    return torch.optim.SGD(model.parameters(), rate, momentum=0.9, nesterov=nesterov, weight_decay=decay)


def descent(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Gradient descent alone."""
    return torch.optim.SGD(model.parameters(), rate)


def head_first(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Fine-tuning: the body learns at a tenth of the head's rate."""
    *body, head = model.children()
    inner = [parameter for layer in body for parameter in layer.parameters()]
    return torch.optim.AdamW([{"params": inner, "lr": rate / 10}, {"params": head.parameters(), "lr": rate}])


def constant(_optimizer: torch.optim.Optimizer, _total: int, _epoch: int) -> None:
    """No schedule."""


def cosine(optimizer: torch.optim.Optimizer, total: int, _epoch: int) -> LRScheduler:
    """Down to nothing by half a cosine."""
    return CosineAnnealingLR(optimizer, total)


def warm_linear(optimizer: torch.optim.Optimizer, total: int, _epoch: int) -> LRScheduler:
    """Up in a tenth of the steps, then down in a line."""
    up = max(1, total // 10)
    return LambdaLR(optimizer, lambda step: min((step + 1) / up, max(0.0, (total - step) / (total - up))))


def one_cycle(optimizer: torch.optim.Optimizer, total: int, _epoch: int) -> LRScheduler:
    """Smith's one cycle."""
    highest = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, highest, total_steps=total + 1)


def steps_down(optimizer: torch.optim.Optimizer, total: int, _epoch: int) -> LRScheduler:
    """A tenth after half and after three quarters."""
    return MultiStepLR(optimizer, [total // 2, 3 * total // 4])


def _themselves() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x, _, held_x, _ = digits()
    return x, x, held_x, held_x


def _characters(count: int, length: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return *text(count, length), *text(count // 5, length, seed=1)


def _by_place(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def _one_logit(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(outputs[:, 0], targets)


def _one_amount(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.mse_loss(outputs[:, 0], targets)


def _known_before() -> nn.Module:
    """A network that has learnt the digits below five, with a fresh head for all of them."""
    x, y, _, _ = digits()
    few = y < 5  # half of the digits
    state = torch.get_rng_state()
    torch.manual_seed(12345)
    model = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(x[few]), y[few]).backward()
        optimizer.step()
    torch.set_rng_state(state)
    model[-1].reset_parameters()
    return model


FIRST = (
    Problem(
        name="digits-mlp-adamw-cosine",
        data=digits,
        network=partial(mlp, 64, 128, 10),
        optimise=adam,
        loss=F.cross_entropy,
        plan=cosine,
        epochs=12,
        rate=4e-3,
    ),
    Problem(
        name="digits-mlp-momentum-constant",
        data=digits,
        network=partial(mlp, 64, 64, 64, 10),
        optimise=momentum,
        loss=F.cross_entropy,
        plan=constant,
        epochs=10,
        rate=3e-2,
    ),
    Problem(
        name="digits-convolutions-adamw-warm",
        data=digits,
        network=small_convolutions,
        optimise=adam,
        loss=F.cross_entropy,
        plan=warm_linear,
        epochs=5,
        rate=4e-3,
        batch=64,
    ),
    Problem(
        name="digits-convolutions-momentum-steps",
        data=digits,
        network=small_convolutions,
        optimise=partial(momentum, nesterov=True, decay=5e-4),
        loss=F.cross_entropy,
        plan=steps_down,
        epochs=5,
        rate=5e-2,
        batch=64,
    ),
    Problem(
        name="digits-autoencoder-adamw-cosine",
        data=_themselves,
        network=partial(mlp, 64, 32, 8, 32, 64),
        optimise=adam,
        loss=F.mse_loss,
        plan=cosine,
        epochs=10,
        rate=5e-3,
    ),
    Problem(
        name="digits-finetuned-head-first",
        data=digits,
        network=_known_before,
        optimise=head_first,
        loss=F.cross_entropy,
        plan=warm_linear,
        epochs=4,
        rate=1e-2,
    ),
    Problem(
        name="tumours-mlp-descent-constant",
        data=tumours,
        network=partial(mlp, 30, 16, 1),
        optimise=descent,
        loss=_one_logit,
        plan=constant,
        epochs=30,
        rate=1e-1,
    ),
    Problem(
        name="friedman-mlp-adamw-onecycle",
        data=friedman,
        network=partial(mlp, 10, 64, 64, 1),
        optimise=adam,
        loss=_one_amount,
        plan=one_cycle,
        epochs=10,
        rate=1e-2,
        batch=64,
    ),
    Problem(
        name="diabetes-linear-adamw-constant",
        data=diabetes,
        network=partial(nn.Linear, 10, 1),
        optimise=adam,
        loss=_one_amount,
        plan=constant,
        epochs=20,
        rate=1e-2,
    ),
    Problem(
        name="moons-tanh-momentum-cosine",
        data=moons,
        network=partial(mlp, 2, 32, 32, 32, 1, act=nn.Tanh),
        optimise=momentum,
        loss=_one_logit,
        plan=cosine,
        epochs=15,
        rate=5e-2,
    ),
    Problem(
        name="characters-transformer-adamw-warm",
        data=partial(_characters, 600, 24),
        network=partial(Transformer, 12, 32, 24),
        optimise=adam,
        loss=_by_place,
        plan=warm_linear,
        epochs=8,
        rate=5e-3,
    ),
    Problem(
        name="characters-recurrent-adamw-cosine",
        data=partial(_characters, 500, 20),
        network=partial(Writer, 12, 48),
        optimise=adam,
        loss=_by_place,
        plan=cosine,
        epochs=8,
        rate=1e-2,
    ),
    Problem(
        name="clouds-mlp-momentum-warm",
        data=partial(blobs, 3000),
        network=partial(mlp, 8, 32, 6),
        optimise=momentum,
        loss=F.cross_entropy,
        plan=warm_linear,
        epochs=5,
        rate=5e-2,
        batch=64,
    ),
    Problem(
        name="rare-class-adamw-cosine",
        data=partial(imbalanced, 3000),
        network=partial(mlp, 20, 32, 1),
        optimise=adam,
        loss=_one_logit,
        plan=cosine,
        epochs=6,
        rate=1e-2,
        batch=64,
    ),
)
