"""Faulty programs: what is wrong is in the loop, the optimizer's parameters or the schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from kilter.testing.programs import data, healthy_making, healthy_tags
from kilter.testing.programs.entries import Faulty, fault, well
from kilter.testing.programs.healthy import named
from kilter.testing.programs.networks import perceptron
from kilter.testing.programs.steps import AMOUNT, CLASSES10, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor


def _never_zeroed(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    loss = healthy_tags.tag_loss(model, loss_fn, batch)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 100.0)
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _zeroed_elsewhere(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """Two optimizers; the second one's gradients are never zeroed."""
    x, y = batch
    optimizer[0].zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    for one in optimizer:
        one.step()
    return loss.item()  # type: ignore[no-any-return]


def _no_backward(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    optimizer.scaler.scale(loss)
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _window_restarts(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """The count of batches begins anew in each call, so that no window is ever full."""
    x, y = batch
    loss = loss_fn(model(x), y)
    (loss / 4).backward()
    seen = 0
    seen += 1
    if seen % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()  # type: ignore[no-any-return]


def _zeroed_before_step(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


class _Detached(healthy_making.Retelling):
    """What the encoder remembers is cut from its graph."""

    def forward(self, source: Tensor, target: Tensor) -> Any:
        memory = self.encoder(self.embedding(source))[0].detach()
        last = (source != 0).sum(1) - 1
        begun = memory[torch.arange(len(source)), last].unsqueeze(0)
        states, _ = self.decoder(self.embedding(target), begun)
        scores = (states @ memory.transpose(1, 2)).masked_fill((source == 0).unsqueeze(1), float("-inf"))
        return self.out(torch.cat([states, scores.softmax(-1) @ memory], -1))


def _detached_memory() -> Any:
    model = _Detached()
    loss_fn = nn.CrossEntropyLoss(ignore_index=0)
    return model, torch.optim.Adam(model.parameters(), lr=1e-2), loss_fn, *data.loaders(data.translations(), 64)


def _numbers_only(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """Losses of rows are gathered as numbers."""
    x, y = batch
    optimizer.zero_grad()
    losses = [loss_fn(model(row[None]), label[None]).item() for row, label in zip(x[:8], y[:8], strict=True)]
    loss = torch.tensor(losses, requires_grad=True).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())


class _Rounded(nn.Module):
    """A code of zeros and ones by comparison, through which no gradient passes."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = perceptron(64, 64, 16), perceptron(16, 64, 64)

    def forward(self, x: Tensor) -> Any:
        return self.decoder((self.encoder(x) > 0).float())


def _rounded_code() -> Any:
    train, valid = data.digits().both
    model = _Rounded()
    loaders: Any = (
        data.tensor_loader(train[0], 32, shuffle=True),
        data.tensor_loader(valid[0], 256),
    )
    return model, torch.optim.Adam(model.parameters(), lr=5e-3), nn.MSELoss(), *loaders


def _watched(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """Accuracy is looked at in evaluation mode first, and the mode stays."""
    x, y = batch
    model.eval()
    with torch.no_grad():
        model(x).argmax(-1).eq(y).float().mean()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


@torch.no_grad()
def _validate_training(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
    """The mode is never set, so that validation is dropped out and moves statistics."""
    model.train()
    pairs = [(model(x), y) for x, y in loader]
    outputs, y = (torch.cat(part) for part in zip(*pairs, strict=True))
    return float(loss_fn(outputs, y)), float((outputs.argmax(-1) == y).float().mean())


def _value_clip(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 1e-5)
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _capped(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """The loss is clamped where it is large, and has no gradient there."""
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y).clamp(max=1.0)
    loss.backward()
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _unscaled_window(windows: int) -> Any:
    def step(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> float:
        x, y = batch
        loss = loss_fn(model(x), y)
        loss.backward()
        model.seen += 1
        if model.seen % windows == 0:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()  # type: ignore[no-any-return]

    return step


def _windowed_sgd() -> Any:
    model: Any = perceptron(64, 48, 10)
    model.seen = 0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits(), 8)


def _divided_window(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    loss = loss_fn(model(x), y)
    (loss / 8).backward()
    model.seen += 1
    if model.seen % 8 == 0:
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()  # type: ignore[no-any-return]


def _unseeded_split() -> Any:
    """Rows are dealt out by a generator that nobody seeds."""
    x, y = (torch.cat(columns) for columns in zip(*data.digits().both, strict=True))
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(torch.seed() % 2**31))
    split = data.Split((x[order[:1200]], y[order[:1200]]), (x[order[1200:]], y[order[1200:]]))
    model = perceptron(64, 64, 64, 10)
    return model, torch.optim.Adam(model.parameters(), lr=5e-3), nn.CrossEntropyLoss(), *data.loaders(split)


def _clip_scaled(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """Gradients are clipped while they are still scaled."""
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    optimizer.scaler.scale(loss).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.scaler.step(optimizer)
    optimizer.scaler.update()
    return loss.item()  # type: ignore[no-any-return]


def _scaled_sgd() -> Any:
    model = perceptron(64, 48, 10)
    optimizer: Any = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    optimizer.scaler = torch.amp.GradScaler("cpu", init_scale=4096.0)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _clip_unscaled(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    optimizer.scaler.scale(loss).backward()
    optimizer.scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.scaler.step(optimizer)
    optimizer.scaler.update()
    return loss.item()  # type: ignore[no-any-return]


def _overflowing(model: nn.Module, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """The scale is too large for half precision; whatever overflows is left out, which is everything."""
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    scaled = loss.half() * 2.0**16
    scaled.backward()
    for p in model.parameters():
        p.grad.div_(2.0**16)  # type: ignore[union-attr]
    if all(bool(torch.isfinite(p.grad).all()) for p in model.parameters() if p.grad is not None) and scaled.isfinite():
        optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _half_weights() -> Any:
    """Weights in bfloat16, whose steps are smaller than what it can tell apart."""
    model = perceptron(10, 48, 48, 1).bfloat16()
    rounded: Any = nn.Sequential(_Cast(torch.bfloat16), model, _Cast(torch.float32))
    return (
        rounded,
        torch.optim.Adam(model.parameters(), lr=3e-4),
        squeezed(nn.MSELoss()),
        *data.loaders(data.friedman(), 8),
    )


def _full_weights() -> Any:
    model = nn.Sequential(_Cast(torch.float32), perceptron(10, 48, 48, 1), _Cast(torch.float32))
    return (
        model,
        torch.optim.Adam(model.parameters(), lr=3e-4),
        squeezed(nn.MSELoss()),
        *data.loaders(data.friedman(), 8),
    )


class _Cast(nn.Module):
    def __init__(self, kind: torch.dtype) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        return x.to(self.kind)


def _plain_average(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    """The average is what is validated, and nobody updates it."""
    x, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()  # type: ignore[no-any-return]


def _dropped() -> Any:
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.6), nn.Linear(64, 10))
    return model, torch.optim.Adam(model.parameters(), lr=5e-3), nn.CrossEntropyLoss(), *data.loaders(data.digits())


MLP = named("digits mlp adam")


WINDOWED = well(
    "window divided", _windowed_sgd, epochs=6, reaches=0.9, accumulate=8, **(CLASSES10 | {"step": _divided_window})
)


CLIPPED = well("scaler with momentum", _scaled_sgd, epochs=6, reaches=0.9, **(CLASSES10 | {"step": _clip_unscaled}))


WHOLE = well("weights whole", _full_weights, epochs=12, reaches=0.85, **AMOUNT)


SCALED = named("gradient scaler")


DROPPED = named("digits much dropout")

LOOP_FAULTS: tuple[Faulty, ...] = (
    fault(
        "tagger never zeroed",
        named("tagger lstm both ways"),
        "missing_zero_grad",
        step=_never_zeroed,
        breaks="gradients pile up",
    ),
    fault(
        "second optimizer never zeroed",
        named("two optimizers in a list"),
        "missing_zero_grad",
        step=_zeroed_elsewhere,
        breaks="gradients pile up",
    ),
    fault("scaler without backward", SCALED, "missing_backward", costs=0.5, step=_no_backward),
    fault(
        "window never full",
        named("accumulation with last window"),
        "no_optimizer_step",
        costs=0.5,
        step=_window_restarts,
        epoch_end=None,
    ),
    fault(
        "zeroed before the step",
        named("rows lstm clipped"),
        "zero_grad_after_backward",
        costs=0.5,
        step=_zeroed_before_step,
    ),
    fault(
        "memory detached",
        named("translation recurrent attention"),
        "detached_graph",
        costs=0.05,
        build=_detached_memory,
    ),
    fault("losses as numbers", MLP, "loss_detached", costs=0.5, step=_numbers_only),
    fault(
        "code by comparison",
        named("autoencoder single tensors"),
        "non_differentiable_op",
        costs=0.1,
        build=_rounded_code,
    ),
    fault(
        "watched in evaluation mode",
        named("wine batchnorm rmsprop"),
        "train_in_eval_mode",
        step=_watched,
        breaks="normalisation never sees its batch",
    ),
    fault(
        "validated in training mode",
        DROPPED,
        "eval_in_train_mode",
        costs=0.02,
        build=_dropped,
        validate=_validate_training,
    ),
    fault(
        "batchnorm validated in training mode",
        named("cnn batchnorm nesterov"),
        "eval_in_train_mode",
        validate=_validate_training,
        breaks="validation moves statistics",
    ),
    fault("clipped to nothing by value", named("clipped by value"), "grad_clip_too_small", costs=0.2, step=_value_clip),
    fault("loss capped", named("digits mlp adam"), "loss_clipped", costs=0.3, step=_capped),
    fault("average never updated", named("average of weights"), "ema_never_updated", costs=0.5, step=_plain_average),
    fault("clipped while scaled", CLIPPED, "amp_unscaled_clip", "grad_clip_too_small", costs=0.05, step=_clip_scaled),
    fault("scale overflows", MLP, "loss_scale_overflow", costs=0.5, step=_overflowing),
    fault("weights in bfloat16", WHOLE, "low_precision_update", costs=0.05, build=_half_weights),
    fault("split not seeded", MLP, "rng_not_seeded", build=_unseeded_split, breaks="each making has other rows"),
    fault("window not divided", WINDOWED, "grad_accum_unscaled", costs=0.05, step=_unscaled_window(8)),
)
