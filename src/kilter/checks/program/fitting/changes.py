"""Changes of how a program updates its weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from kilter.checks.program.trials import Change
from kilter.engine.peeking import step_by
from kilter.engine.programs import Made
from kilter.engine.trees import leaves, size, take, with_leaves

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from kilter.values.program import Program


def scaled(times: float) -> Change:
    """Updates that go so many times as far: another rate, whatever overwrites the rate."""
    return Change(name=f"with updates {times:g} times as long", scale=times)


def warmed_up(updates: int) -> Change:
    """Updates that grow to their full length over so many."""
    return Change(
        name=f"with updates that grow over {updates} steps", scale=lambda done: min(1.0, (done + 1) / max(1, updates))
    )


def with_setting(name: str, value: Any) -> Change:
    """One setting of the groups of all optimizers is another one, where they have it."""

    def prepare(made: Made) -> None:
        for optimizer in made.optimizers:
            for group in optimizer.param_groups:
                if name in group:
                    group[name] = value

    return Change(name=f"with {name} {value}", prepare=prepare)


def with_momentum(value: float) -> Change:
    """Momentum, or its like in Adam, is another one."""

    def prepare(made: Made) -> None:
        for optimizer in made.optimizers:
            for group in optimizer.param_groups:
                if group.get("momentum"):
                    group["momentum"] = value
                if "betas" in group:
                    group["betas"] = (value, *group["betas"][1:])

    return Change(name=f"with momentum {value:g}", prepare=prepare)


def clipped(norm: float) -> Change:
    """Gradients are cut to a norm before each update."""

    def cut(optimizer: Optimizer) -> None:
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        torch.nn.utils.clip_grad_norm_([p for p in parameters if p.grad is not None], norm)

    return Change(name=f"with gradients cut to a norm of {norm:.3g}", gradients=cut)


def prepared(name: str, prepare: Callable[[Made], None]) -> Change:
    """What was made is changed before the first step."""
    return Change(name=name, prepare=prepare)


@contextmanager
def _nothing_dropped(_made: Made) -> Iterator[None]:
    """Inside, dropout passes everything on, that of modules and that of functions."""
    functions: Any = torch.nn.functional
    names = [
        name for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout") if hasattr(functions, name)
    ]
    before = {name: getattr(functions, name) for name in names}
    try:
        for name in names:
            setattr(functions, name, _passing)
        yield
    finally:
        for name, function in before.items():
            setattr(functions, name, function)


def _passing(given: Any, *_arguments: Any, **_keywords: Any) -> Any:
    return given


WITHOUT_DROPOUT = Change(name="without dropout", around=_nothing_dropped)


def merged(count: int) -> Change:
    """So many batches in one."""

    def merging(loader: Iterable[Any]) -> Iterator[Any]:
        waiting: list[Any] = []
        for batch in loader:
            waiting.append(batch)
            if len(waiting) == count:
                yield joined(waiting)
                waiting = []
        if waiting:
            yield joined(waiting)

    return Change(name=f"on batches {count} times as large", batches=merging)


def split(count: int) -> Change:
    """A batch in so many."""

    def splitting(loader: Iterable[Any]) -> Iterator[Any]:
        for batch in loader:
            rows = size(batch) or 0
            each = math.ceil(rows / count)
            if each < 2:  # normalisation needs two
                yield batch
                continue
            order = torch.randperm(rows).tolist()
            for at in range(0, rows - each // 2, each):
                yield take(batch, order[at : at + each])

    return Change(name=f"on batches {count} times as small", batches=splitting)


def joined(parts: list[Any]) -> Any:
    """Batches as one, where their tensors fit; else the first."""
    sizes = [size(part) for part in parts]
    first = leaves(parts[0])
    together: dict[Any, torch.Tensor] = {}
    for path, tensor in first.items():
        others = [leaves(part).get(path) for part in parts]
        if not tensor.ndim or tensor.shape[0] != sizes[0]:
            continue
        if any(other is None or other.shape[1:] != tensor.shape[1:] for other in others):
            return parts[0]
        together[path] = torch.cat([other for other in others if other is not None])
    return with_leaves(parts[0], together)


def initialised_afresh() -> Change:
    """Weights as He et al. (2015) draw them, for matrices and kernels; biases zero; norms one."""

    def prepare(made: Made) -> None:
        with torch.no_grad():
            for parameter in made.model.parameters():
                if parameter.ndim > 1 and parameter.is_floating_point():
                    torch.nn.init.kaiming_normal_(parameter)
            for module in made.model.modules():
                for name, parameter in module.named_parameters(recurse=False):
                    if parameter.ndim == 1:
                        parameter.fill_(1.0 if name == "weight" else 0.0)

    return Change(name="from weights drawn afresh", prepare=prepare)


def all_by_adam(program: Program, rate: float = 1e-3) -> Change:
    """The step replaced by the plain one: fresh gradients, nothing cut, all parameters, Adam at its usual rate."""
    optimizers: dict[int, torch.optim.Optimizer] = {}

    def prepare(made: Made) -> None:
        for parameter in made.model.parameters():
            if parameter.is_floating_point():
                parameter.requires_grad_(True)

    def step(made: Made, batch: Any) -> Any:
        if id(made) not in optimizers:
            optimizers[id(made)] = torch.optim.Adam(made.model.parameters(), lr=rate)
        return step_by(program, made, batch, [optimizers[id(made)]])

    return Change(name=f"by Adam at {rate:g} on all parameters", prepare=prepare, step=step)
