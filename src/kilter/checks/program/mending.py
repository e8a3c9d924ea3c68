"""Changes that mend a program from outside: its step, its batches, the parts of its model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from kilter.checks.program.fitting.changes import joined
from kilter.checks.program.trials import Change
from kilter.engine.peeking import step_by
from kilter.engine.programs import Made, optimizers_in
from kilter.engine.trees import leaves, size, take

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

    from kilter.values.program import Program

LossOf = Callable[[Any, "Tensor", Any], "Tensor"]


def in_plain_order(
    program: Program, *, training: bool | None = None, loss_of: LossOf | None = None, name: str = "in the plain order"
) -> Change:
    """Fresh gradients, the loss, backward, an update by the author's own optimizers; nothing else."""

    def step(made: Made, batch: Any) -> Any:
        return step_by(program, made, batch, made.optimizers, training=training, loss_of=loss_of)

    return Change(name=name, step=step)


def with_all_parameters(program: Program) -> Change:
    """The author's kind of optimizer with its settings, made again over all parameters, none of them frozen."""
    remade: dict[int, list[Optimizer]] = {}

    def prepare(made: Made) -> None:
        for parameter in made.model.parameters():
            if parameter.is_floating_point():
                parameter.requires_grad_(True)
        own = next(optimizers_in(made.optimizer), None)
        remade[id(made)] = [_remade(own, list(made.model.parameters()))]

    def step(made: Made, batch: Any) -> Any:
        return step_by(program, made, batch, remade[id(made)])

    return Change(name="with all parameters in the optimizer", prepare=prepare, step=step)


def _remade(own: Optimizer | None, parameters: list[Tensor]) -> Optimizer:
    if own is None:
        return torch.optim.Adam(parameters, lr=1e-3)
    taken = inspect.signature(type(own).__init__).parameters
    settings = {name: value for name, value in own.param_groups[0].items() if name in taken and name != "params"}
    kind: Any = type(own)
    remade: Optimizer = kind(parameters, **settings)
    return remade


def with_gradients(name: str, change: Callable[[Tensor], Tensor]) -> Change:
    """Each gradient is another one when the optimizer meets it."""

    def do(optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad.copy_(change(parameter.grad))

    return Change(name=name, gradients=do)


def _shuffling(loader: Iterable[Any]) -> Iterator[Any]:
    given = list(loader)
    sizes = [size(batch) or 0 for batch in given]
    whole = joined(given)
    if size(whole) != sum(sizes):
        yield from (given[at] for at in torch.randperm(len(given)).tolist())
        return
    order = torch.randperm(sum(sizes)).tolist()
    at = 0
    for count in sizes:
        yield take(whole, order[at : at + count])
        at += count


SHUFFLED = Change(name="on shuffled batches", batches=_shuffling)


def _finite_rows(loader: Iterable[Any]) -> Iterator[Any]:
    for batch in loader:
        rows = size(batch) or 0
        good = torch.ones(rows, dtype=torch.bool)
        for tensor in leaves(batch).values():
            if tensor.ndim and len(tensor) == rows and tensor.is_floating_point():
                good &= torch.isfinite(tensor.reshape(rows, -1)).all(1)
        if bool(good.any()):
            yield take(batch, good.nonzero().flatten().tolist())


FINITE = Change(name="on rows that are all numbers", batches=_finite_rows)


def standardised(middle: Tensor, spread: Tensor) -> Change:
    """The model's first input in units of its spread about its mean, in training and in validation."""

    def prepare(made: Made) -> None:
        def hook(_module: nn.Module, arguments: Any) -> Any:
            if not arguments or not isinstance(arguments[0], torch.Tensor) or not arguments[0].is_floating_point():
                return None
            return ((arguments[0] - middle) / spread, *arguments[1:])

        made.model.register_forward_pre_hook(hook)

    return Change(name="on standardised inputs", prepare=prepare)


def rescaled(middle: float, spread: float) -> Change:
    """The model's output in the units of the target."""

    def prepare(made: Made) -> None:
        def hook(_module: nn.Module, _arguments: Any, result: Any) -> Any:
            return result * spread + middle if isinstance(result, torch.Tensor) else None

        made.model.register_forward_hook(hook)

    return Change(name="with outputs in units of the target", prepare=prepare)


def _draw_again(made: Made) -> None:
    for module in made.model.modules():
        draw: Any = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
        if callable(draw):
            draw()


DRAWN_AGAIN = Change(name="from weights as torch draws them", prepare=_draw_again)


def _usual_statistics(made: Made) -> None:
    for module in made.model.modules():
        if getattr(module, "running_mean", None) is not None and hasattr(module, "momentum"):
            module.momentum = 0.1  # type: ignore[assignment]  # torch's usual one


USUAL_STATISTICS = Change(name="with running statistics that follow", prepare=_usual_statistics)


def _batch_first(made: Made) -> None:
    for module in made.model.modules():
        if getattr(module, "batch_first", None) is False:
            module.batch_first = True  # type: ignore[assignment]  # a flag of torch's recurrent and attention layers


BATCH_FIRST = Change(name="with batch_first", prepare=_batch_first)


def without_last_activation(program: Program, loss_of: LossOf) -> Change:
    """What the last part without weights does is left out, and the task's own loss is minimised."""

    @contextmanager
    def around(made: Made) -> Iterator[None]:
        parts = [module for module in made.model.modules() if not list(module.children())]
        last = parts[-1] if parts and not list(parts[-1].parameters()) and not list(parts[-1].buffers()) else None
        if last is not None:
            last.register_forward_hook(lambda _module, arguments, _result: arguments[0])
        yield

    plain = in_plain_order(program, loss_of=loss_of)
    return Change(name="without what is done to its outputs", around=around, step=plain.step)


def _activate(made: Made) -> None:
    linear = [m for m in made.model.modules() if isinstance(getattr(m, "weight", None), torch.nn.Parameter)]
    matrices = [module for module in linear if module.weight.ndim > 1]  # type: ignore[operator]  # a tensor
    for module in matrices[:-1]:
        module.register_forward_hook(lambda _module, _arguments, result: torch.relu(result))


ACTIVATED = Change(name="with an activation after each layer", prepare=_activate)


def _inner(made: Made) -> list[nn.Module]:
    """Parts without weights that stand between others and give what has the form of what they got: activations."""
    parts = [module for module in made.model.modules() if not list(module.children())]
    return [part for part in parts[:-1] if not list(part.parameters()) and not list(part.buffers())]


def with_relu_inside(probe: Callable[[Made], object]) -> Change:
    """Activations between layers are rectifiers, and layers are scaled so that their outputs have a spread of one.

    The scaling is that of Mishkin and Matas, "All you need is a good init" (2016), on one batch.

    Args:
        probe: calls the model once.
    """

    def prepare(made: Made) -> None:
        _draw_again(made)
        for part in _inner(made):
            part.register_forward_hook(_rectified)
        _scale_layers(made, probe)

    return Change(name="with rectifiers between layers of unit spread", prepare=prepare)


def of_unit_spread(probe: Callable[[Made], object], *, last: bool = False) -> Change:
    """Layers, or the last alone, are scaled so that their outputs on one batch have a spread of one."""
    name = "with outputs of unit spread at the start" if last else "with layers of unit spread at the start"
    return Change(name=name, prepare=lambda made: _scale_layers(made, probe, last=last))


def _rectified(_module: nn.Module, arguments: Any, result: Any) -> Any:
    same = arguments and isinstance(result, torch.Tensor) and arguments[0].shape == result.shape
    return torch.relu(arguments[0]) if same and result.is_floating_point() else None


def _scale_layers(made: Made, probe: Callable[[Made], object], *, last: bool = False) -> None:
    def scaling(module: nn.Module, _arguments: Any, result: Any) -> Any:
        if not isinstance(result, torch.Tensor):
            return None
        weight: Any = module.weight
        spread = float(result.std())
        if 0 < spread < float("inf"):
            with torch.no_grad():
                weight.div_(spread)
        return result / spread if spread > 0 else None

    layers = [m for m in made.model.modules() if isinstance(getattr(m, "weight", None), torch.nn.Parameter)]
    matrices: list[Any] = [module for module in layers if module.weight.ndim > 1]  # type: ignore[operator]  # a tensor
    handles = [module.register_forward_hook(scaling) for module in (matrices[-1:] if last else matrices)]
    try:
        probe(made)
    finally:
        for handle in handles:
            handle.remove()


def _sigmoid_at_the_end(made: Made) -> None:
    parts = [module for module in made.model.modules() if not list(module.children())]
    if parts and not list(parts[-1].parameters()):
        parts[-1].register_forward_hook(lambda _module, arguments, _result: torch.sigmoid(arguments[0]))


SIGMOID_AT_THE_END = Change(name="with a sigmoid at the end", prepare=_sigmoid_at_the_end)


@contextmanager
def _no_narrowing(made: Made) -> Iterator[None]:
    """Inside, numbers are not narrowed to 16 bits by the model's own calls."""
    kind: Any = torch.Tensor
    before = {name: getattr(kind, name) for name in ("bfloat16", "half")}
    made.model.float()
    try:
        for name in before:
            setattr(kind, name, lambda tensor, *_arguments, **_keywords: tensor)
        yield
    finally:
        for name, method in before.items():
            setattr(kind, name, method)


IN_32_BITS = Change(name="in 32 bits", around=_no_narrowing)
