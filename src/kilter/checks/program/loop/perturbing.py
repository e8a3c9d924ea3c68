"""A step's loss when some parameters are other ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from kilter.checks.program.bench import Bench
from kilter.engine.programs import Made, value_of
from kilter.engine.trees import leaves

if TYPE_CHECKING:
    from torch import Tensor, nn


def loss_of(bench: Bench, made: Made, batch: Any, *, training: bool | None = None) -> float:
    """The loss of a step up to its backward, in one of the modes or the step's own; not-a-number where none is seen."""
    seen = bench.peek(made, batch, training=training)
    if seen.loss is not None and seen.loss.numel() == 1:
        return float(seen.loss.detach())
    if seen.losses:
        return value_of(seen.losses[-1].result)
    return value_of(seen.returned)


def moves_the_loss(bench: Bench, made: Made, batch: Any, names: Iterable[str]) -> bool | None:
    """Whether the loss depends on these parameters' values; None where it has none, or is another one each time."""
    first, again = loss_of(bench, made, batch), loss_of(bench, made, batch)
    if not math.isfinite(first) or first != again:
        return None
    with perturbed(made, names):
        return loss_of(bench, made, batch) != first


@contextmanager
def perturbed(made: Made, names: Iterable[str]) -> Iterator[None]:
    """Inside, these parameters are other ones, of about their size."""
    wanted = set(names)
    chosen = [parameter for name, parameter in made.model.named_parameters() if name in wanted]
    kept = [parameter.detach().clone() for parameter in chosen]
    generator = torch.Generator().manual_seed(0)
    try:
        with torch.no_grad():
            for parameter in chosen:
                size = float(parameter.detach().float().square().mean().sqrt()) or 0.1
                noise = torch.randn(parameter.shape, generator=generator).to(parameter.device, parameter.dtype)
                parameter.add_(size * noise)
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(chosen, kept, strict=True):
                parameter.copy_(value)


@contextmanager
def inputs_without_graph(model: nn.Module) -> Iterator[list[tuple[str, Tensor]]]:
    """Inside, tensors that a module is given without a graph are noted, with the module's name."""
    noted: list[tuple[str, Tensor]] = []

    def hook(name: str) -> Any:
        def entering(_module: nn.Module, arguments: Any, keywords: Any) -> None:
            given = (*leaves(arguments).values(), *leaves(dict(keywords)).values())
            noted.extend((name, tensor.detach().clone()) for tensor in given if not tensor.requires_grad)

        return entering

    handles = [
        module.register_forward_pre_hook(hook(name), with_kwargs=True) for name, module in model.named_modules() if name
    ]
    try:
        yield noted
    finally:
        for handle in handles:
            handle.remove()
