"""Healthy programs whose loops are out of the ordinary: optimizers, schedules, windows, averages, precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import (
    AMOUNT,
    CLASSES10,
    schedule_epoch,
    scheduled_step,
    squeezed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from kilter.testing.programs.entries import Build


def digits_by(made: Callable[[Any], Any], *, schedule: Callable[[Any], Any] | None = None) -> Build:
    """Digits by a perceptron and an optimizer of its parameters, with a scheduler on it if there is one."""

    def build() -> Any:
        model = perceptron(64, 48, 10)
        optimizer = made(model.parameters())
        if schedule is not None:
            optimizer.scheduler = schedule(optimizer)
        return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())

    return build


def _sgd(parameters: Any, rate: float = 0.1) -> Any:
    return torch.optim.SGD(parameters, lr=rate, momentum=0.9)


class Lion(torch.optim.Optimizer):
    """Steps by the sign of an average of gradients (Chen et al. 2023), written by the person."""

    def __init__(self, parameters: Any, lr: float = 1e-3) -> None:
        super().__init__(parameters, {"lr": lr, "betas": (0.9, 0.99)})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            first, second = group["betas"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                average = self.state[parameter].setdefault("average", torch.zeros_like(parameter))
                parameter.sub_(group["lr"] * (first * average + (1 - first) * parameter.grad).sign())
                average.mul_(second).add_(parameter.grad, alpha=1 - second)
        return None


def friedman_lbfgs() -> Any:
    """One batch an epoch; the optimizer asks for the loss several times in a step."""
    model = perceptron(10, 24, 1)
    split = data.Split(*((x[:300], y[:300]) for x, y in data.friedman().both))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5, history_size=8)
    return model, optimizer, squeezed(nn.MSELoss()), *data.loaders(split, 300)


def _closure_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> Any:
    x, y = batch

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = loss_fn(model(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    return optimizer.step(closure)


def groups_without_decay() -> Any:
    """Decay on matrices only; the head learns faster than the body."""
    model = nn.Sequential(nn.Linear(64, 48), nn.LayerNorm(48), nn.ReLU(), nn.Linear(48, 10))
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if p.ndim > 1 and not name.startswith("3")], "weight_decay": 0.05},
        {"params": [p for name, p in named if p.ndim == 1 and not name.startswith("3")], "weight_decay": 0.0},
        {"params": model[3].parameters(), "lr": 1e-2, "weight_decay": 0.05},
    ]
    optimizer = torch.optim.AdamW(groups, lr=4e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def two_optimizers() -> Any:
    """One optimizer for the body, another for the head, in a list."""
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizers = [torch.optim.Adam(model[0].parameters(), lr=4e-3), torch.optim.SGD(model[2].parameters(), lr=0.2)]
    return model, optimizers, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _both_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    for one in optimizer:
        one.zero_grad()
    loss: Tensor = loss_fn(model(x), y)
    loss.backward()  # type: ignore[no-untyped-call]
    for one in optimizer:
        one.step()
    return loss.item()


def _sharpness_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """The gradient where the loss is worst nearby, used where the weights were (Foret et al. 2021)."""
    x, y = batch
    optimizer.zero_grad()
    loss: Tensor = loss_fn(model(x), y)
    loss.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        length = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
        moves = [0.05 * p.grad / (length + 1e-12) for p in model.parameters() if p.grad is not None]
        for p, move in zip(model.parameters(), moves, strict=True):
            p.add_(move)
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    with torch.no_grad():
        for p, move in zip(model.parameters(), moves, strict=True):
            p.sub_(move)
    optimizer.step()
    return loss.item()


def _bfloat_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> Tensor:
    x, y = batch
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss: Tensor = loss_fn(model(x), y)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def _clip_value_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> None:
    x, y = batch
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.05)
    optimizer.step()


def _penalised_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """The loss shall not change steeply with the input (Drucker and Le Cun 1992)."""
    x, y = batch
    x = x.clone().requires_grad_()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    total = loss + 0.02 * len(x) * slope.square().sum()
    total.backward()
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _plateau_end(model: Any, optimizer: Any, epoch: int) -> None:
    x, y = data.digits().valid
    with torch.no_grad():
        optimizer.scheduler.step(F.cross_entropy(model.eval()(x), y))


def _noisy_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """Some noise on each gradient (Neelakantan et al. 2015)."""
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.add_(torch.randn_like(parameter.grad), alpha=1e-3)
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _manual_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """Gradients are asked for and put in place by hand."""
    x, y = batch
    loss = loss_fn(model(x), y)
    for parameter, slope in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True):
        parameter.grad = slope
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


STEPS_8 = 8 * 20


_Schedule = torch.optim.lr_scheduler


def _warm_cosine(optimizer: Any) -> Any:
    rise = _Schedule.LinearLR(optimizer, 0.1, total_iters=16)
    return _Schedule.SequentialLR(optimizer, [rise, _Schedule.CosineAnnealingLR(optimizer, STEPS_8 - 16)], [16])


def _digits(
    name: str, made: Any, *, schedule: Any = None, epochs: int = 8, reaches: float = 0.9, **about: Any
) -> Training:
    return well(name, digits_by(made, schedule=schedule), epochs=epochs, reaches=reaches, **(CLASSES10 | about))


PER_BATCH: dict[str, Any] = {"step": scheduled_step}


PER_EPOCH: dict[str, Any] = {"epoch_end": schedule_epoch}

LOOPS: tuple[Training, ...] = (
    _digits("sgd bare", lambda p: torch.optim.SGD(p, lr=0.5)),
    _digits("sgd decay nesterov", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)),
    _digits("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.05)),
    _digits("adadelta", lambda p: torch.optim.Adadelta(p, lr=1.0), epochs=10),
    _digits("nadam", lambda p: torch.optim.NAdam(p, lr=5e-3)),
    _digits("radam", lambda p: torch.optim.RAdam(p, lr=8e-3)),
    _digits("adamax", lambda p: torch.optim.Adamax(p, lr=1e-2)),
    _digits("adam amsgrad", lambda p: torch.optim.Adam(p, lr=5e-3, amsgrad=True)),
    _digits("lion by hand", lambda p: Lion(p, lr=3e-3)),
    _digits("warm-up and cosine", _sgd, schedule=_warm_cosine, **PER_BATCH),
    _digits("one cycle", _sgd, schedule=lambda o: _Schedule.OneCycleLR(o, 0.3, total_steps=STEPS_8), **PER_BATCH),
    _digits("cyclical", _sgd, schedule=lambda o: _Schedule.CyclicLR(o, 0.01, 0.2, step_size_up=20), **PER_BATCH),
    _digits("warm restarts", _sgd, schedule=lambda o: _Schedule.CosineAnnealingWarmRestarts(o, 4), **PER_EPOCH),
    _digits("steps down", _sgd, schedule=lambda o: _Schedule.StepLR(o, 4, 0.3), **PER_EPOCH),
    _digits("exponential", _sgd, schedule=lambda o: _Schedule.ExponentialLR(o, 0.85), **PER_EPOCH),
    _digits("plateau", _sgd, schedule=lambda o: _Schedule.ReduceLROnPlateau(o, patience=1), epoch_end=_plateau_end),
    _digits("sharpness aware", _sgd, step=_sharpness_step, epochs=6),
    _digits("bfloat autocast", _sgd, step=_bfloat_step),
    _digits("clipped by value", _sgd, step=_clip_value_step),
    _digits("input gradient penalty", _sgd, step=_penalised_step),
    _digits("gradient noise", _sgd, step=_noisy_step),
    _digits("gradients by hand", _sgd, step=_manual_step),
    well("lbfgs closure", friedman_lbfgs, epochs=15, reaches=0.75, **(AMOUNT | {"step": _closure_step})),
    well("groups without decay", groups_without_decay, epochs=8, reaches=0.92, **CLASSES10),
    well("two optimizers in a list", two_optimizers, epochs=8, reaches=0.9, **(CLASSES10 | {"step": _both_step})),
)
