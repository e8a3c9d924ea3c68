"""Healthy programs with several batches an update, averages of weights, other precision, several passes."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import (
    AMOUNT,
    CLASSES10,
    TWO,
    accuracy,
    plain_step,
    squeezed,
    stepping,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from kilter.testing.programs.entries import Build


def accumulating(windows: int = 4) -> Build:
    """Small batches, one update for several; where the window stands hangs on the model."""

    def build() -> Any:
        model: Any = perceptron(64, 48, 10)
        model.seen = 0
        optimizer = torch.optim.Adam(model.parameters(), lr=8e-3)
        return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits(), 16)

    return build


def _window_step(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> Tensor:
    x, y = batch
    loss: Tensor = loss_fn(model(x), y)
    (loss / 4).backward()  # type: ignore[no-untyped-call]
    model.seen += 1
    if model.seen % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
    return loss.detach()


def _last_window(model: Any, optimizer: Any, epoch: int) -> None:
    if model.seen % 4:
        optimizer.step()
        optimizer.zero_grad()
    model.seen = 0


def scaled_gradients() -> Any:
    """A scaler of the loss, unscaled before clipping."""
    model = perceptron(64, 48, 10)
    optimizer: Any = torch.optim.Adam(model.parameters(), lr=5e-3)
    optimizer.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _scaler_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = loss_fn(model(x), y)
    optimizer.scaler.scale(loss).backward()
    optimizer.scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.scaler.step(optimizer)
    optimizer.scaler.update()
    return loss.item()  # type: ignore[no-any-return]


def averaged() -> Any:
    """An exponential average of the weights is what validation looks at."""
    model: Any = perceptron(64, 48, 10)
    model.average = (copy.deepcopy(model).requires_grad_(False),)  # in a tuple, so that it is no part of the model
    return (
        model,
        torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9),
        nn.CrossEntropyLoss(),
        *data.loaders(data.digits()),
    )


def _averaged_step(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> Tensor:
    loss = plain_step(model, optimizer, loss_fn, batch)
    with torch.no_grad():
        for mean, now in zip(model.average[0].parameters(), model.parameters(), strict=True):
            mean.lerp_(now, 0.1)
    return loss


def _validate_average(model: Any, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    found: tuple[float, float] = accuracy(model.average[0], loss_fn, loader)
    return found


def swa() -> Any:
    """From the fourth epoch on, the mean of the weights at the ends of epochs (Izmailov et al. 2018)."""
    model: Any = perceptron(64, 48, 10)
    model.mean = (torch.optim.swa_utils.AveragedModel(model),)
    return (
        model,
        torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9),
        nn.CrossEntropyLoss(),
        *data.loaders(data.digits()),
    )


def _swa_end(model: Any, optimizer: Any, epoch: int) -> None:
    if epoch >= 3:
        model.mean[0].update_parameters(model)


def _validate_swa(model: Any, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    used = model.mean[0] if int(model.mean[0].n_averaged) else model
    found: tuple[float, float] = accuracy(used, loss_fn, loader)
    return found


def curriculum() -> Any:
    """Easy rows first: in the first two epochs the loss leaves out the hardest quarter of a batch."""
    model: Any = perceptron(64, 48, 10)
    model.epoch = 0
    return (
        model,
        torch.optim.Adam(model.parameters(), lr=5e-3),
        nn.CrossEntropyLoss(reduction="none"),
        *data.loaders(data.digits()),
    )


def _curriculum_loss(model: Any, loss_fn: Any, batch: Any) -> Any:
    x, y = batch
    losses = loss_fn(model(x), y)
    if model.epoch < 2:
        losses = losses.sort().values[: 3 * len(losses) // 4]
    return losses.mean()


def _next_epoch(model: Any, optimizer: Any, epoch: int) -> None:
    model.epoch = epoch + 1


@torch.no_grad()
def _validate_rows(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    model.eval()
    losses, right = [], []
    for x, y in loader:
        outputs = model(x)
        losses.append(loss_fn(outputs, y))
        right.append(outputs.argmax(-1) == y)
    return float(torch.cat(losses).mean()), float(torch.cat(right).float().mean())


def _stop_early(model: Any, optimizer: Any, epoch: int) -> None:
    """When validation has not improved for three epochs, rates fall to nothing."""
    x, y = data.cancer().valid
    with torch.no_grad():
        loss = float(F.binary_cross_entropy_with_logits(model.eval()(x).squeeze(1), y))
    best, waited = getattr(optimizer, "best", (float("inf"), 0))
    optimizer.best = (loss, 0) if loss < best else (best, waited + 1)
    if optimizer.best[1] >= 3:
        for group in optimizer.param_groups:
            group["lr"] = 0.0


def cancer_early_stop() -> Any:
    """A small network that would overfit in the end."""
    model = perceptron(30, 32, 1)
    loss_fn = squeezed(nn.BCEWithLogitsLoss())
    return model, torch.optim.Adam(model.parameters(), lr=5e-3), loss_fn, *data.loaders(data.cancer(), 32)


class Recomputed(nn.Module):
    """Activations of the middle are computed again for backward instead of kept."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.middle, self.out = nn.Linear(64, 48), nn.Linear(48, 48), nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Any:
        state = self.first(x).relu()
        return self.out(checkpoint(lambda part: self.middle(part).relu(), state, use_reentrant=False))


def recomputed() -> Any:
    """Checkpointed activations."""
    model = Recomputed()
    return model, torch.optim.Adam(model.parameters(), lr=5e-3), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _consistent_loss(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    """Two passes with different dropout shall agree (Liang et al. 2021)."""
    x, y = batch
    first, second = model(x), model(x)
    apart = F.kl_div(first.log_softmax(-1), second.log_softmax(-1), reduction="batchmean", log_target=True)
    return (loss_fn(first, y) + loss_fn(second, y)) / 2 + 0.3 * apart


def consistent() -> Any:
    """The model is called twice in a step."""
    model = perceptron(64, 64, 10, dropout=0.2)
    return model, torch.optim.Adam(model.parameters(), lr=5e-3), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def double_precision() -> Any:
    """Everything in double precision."""
    model = perceptron(10, 32, 1).double()
    split = data.Split(*(tuple(column.double() for column in part) for part in data.friedman().both))
    return model, torch.optim.Adam(model.parameters(), lr=1e-2), squeezed(nn.MSELoss()), *data.loaders(split, 32)


WINDOWS: tuple[Training, ...] = (
    well(
        "accumulation with last window",
        accumulating(),
        epochs=8,
        reaches=0.9,
        epoch_end=_last_window,
        **(CLASSES10 | {"step": _window_step}),
    ),
    well(
        "accumulation declared",
        accumulating(),
        epochs=8,
        reaches=0.9,
        accumulate=4,
        **(CLASSES10 | {"step": _window_step}),
    ),
    well("gradient scaler", scaled_gradients, epochs=8, reaches=0.9, **(CLASSES10 | {"step": _scaler_step})),
    well(
        "average of weights",
        averaged,
        epochs=8,
        reaches=0.9,
        **(CLASSES10 | {"step": _averaged_step, "validate": _validate_average}),
    ),
    well(
        "stochastic weight averaging",
        swa,
        epochs=8,
        reaches=0.9,
        epoch_end=_swa_end,
        **(CLASSES10 | {"validate": _validate_swa}),
    ),
    well(
        "curriculum",
        curriculum,
        epochs=8,
        reaches=0.9,
        epoch_end=_next_epoch,
        **(CLASSES10 | {"step": stepping(_curriculum_loss), "validate": _validate_rows}),
    ),
    well("early stop", cancer_early_stop, epochs=12, reaches=0.94, epoch_end=_stop_early, **TWO),
    well("recomputed activations", recomputed, epochs=6, reaches=0.9, **CLASSES10),
    well("two passes agree", consistent, epochs=8, reaches=0.9, **(CLASSES10 | {"step": stepping(_consistent_loss)})),
    well("double precision", double_precision, epochs=12, reaches=0.8, **AMOUNT),
)
