"""Gradients by backward against slopes by finite differences, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.trees import leaves
from kilter.values.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

STEP: Final = 1e-5
"""Of a finite difference, times the size of the number: the cube root of the rounding error 1e-16 of double precision,
where the errors of rounding and of curvature meet (Press et al. 2007, Numerical recipes, section 5.7)."""

SMOOTH: Final = 1e-3
"""Relative difference between the slopes of two step sizes from which on a place is a kink and says nothing."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """The gradient by one number, or along one direction, and the slope that is measured there.

    Attributes:
        name: of the parameter or the input.
        place: of the number in it; empty for a direction.
        analytic: what backward says.
        numeric: what finite differences say.
        smooth: whether two step sizes say the same; at a kink, nothing can be told.
    """

    name: str
    place: tuple[int, ...]
    analytic: float
    numeric: float
    smooth: bool

    def agrees(self, tolerance: float = 1e-4) -> bool:
        """Whether both are the same up to a share of the larger one, or nothing can be told."""
        if not self.smooth:
            return True
        return abs(self.analytic - self.numeric) <= tolerance * max(abs(self.analytic), abs(self.numeric)) + 1e-7


def compare_gradients(
    module: nn.Module | Callable[..., Any],
    inputs: Sequence[Any],
    *,
    keywords: Mapping[str, Any] | None = None,
    entries: int = 4,
    seed: int = 0,
) -> tuple[Slope, ...]:
    """Gradients of a module or function against finite differences, at some numbers of each parameter and input.

    What is differentiated is a sum of all outputs with random weights. Random states before each evaluation are the
    same, so that a layer that draws random numbers is a function.

    Args:
        module: a module in double precision, in the mode that it is to be judged in, or a function of tensors.
        inputs: its arguments; floating-point tensors are taken in double precision, and gradients by them asked for.
        keywords: its other arguments, as they are.
        entries: numbers that are looked at in each tensor.
        seed: of the random weights and of the choice of numbers.

    Raises:
        UsageError: no output depends on anything that asks for a gradient, or parameters are not in double precision.

    >>> found = compare_gradients(torch.tanh, [torch.tensor([0.5, 1.0])])
    >>> [slope.agrees() for slope in found]
    [True, True]
    """
    arguments = [_double(part) for part in inputs]
    wanted = {f"input {at}": part for at, part in enumerate(arguments) if _differentiable(part)}
    if isinstance(module, torch.nn.Module):
        parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        low = [name for name, parameter in parameters.items() if parameter.dtype is not torch.float64]
        if low:
            raise UsageError(
                f"parameter {low[0]!r} is {parameters[low[0]].dtype}",
                legal="finite differences need double precision",
                remedy="call `module.double()` first",
            )
        wanted |= parameters
    with left_as_found(), _buffers_as_found(module):
        value = _weighted(module, arguments, dict(keywords or {}), seed)
        return tuple(_slopes(value, wanted, entries, seed))


def along_directions(
    function: Callable[..., Any], arguments: Sequence[Any], wanted: Sequence[int], *, directions: int = 3, seed: int = 0
) -> tuple[Slope, ...]:
    """The same along random directions of each of some arguments, all of its numbers at once.

    Args:
        function: of these arguments.
        arguments: tensors and others; floating-point tensors are taken in double precision.
        wanted: places of the tensors that gradients are asked by.
        directions: of each.
        seed: of the directions and of the weights of outputs.
    """
    arguments = [_double(part) for part in arguments]
    with left_as_found():
        value = _weighted(function, arguments, {}, seed)
        total = value()
        generator = torch.Generator().manual_seed(seed)
        found: list[Slope] = []
        for at in wanted:
            leaf = arguments[at]
            gradient = _gradients(total, [leaf])[0]
            for _ in range(directions):
                way = torch.randn(leaf.shape, generator=generator, dtype=torch.float64)
                way = way.to(leaf) * leaf.detach().abs().clamp(min=1e-2)
                analytic = 0.0 if gradient is None else float((gradient * way).sum())
                numeric, smooth = _difference(value, leaf, way)
                found.append(Slope(name=f"input {at}", place=(), analytic=analytic, numeric=numeric, smooth=smooth))
    return tuple(found)


def _slopes(value: Callable[[], Tensor], wanted: Mapping[str, Tensor], entries: int, seed: int) -> Iterator[Slope]:
    total = value()
    if not wanted or not total.requires_grad:
        raise UsageError(
            "no output depends on an input or a parameter that asks for a gradient",
            legal="something must be differentiable",
            remedy="give floating-point inputs, and leave parameters trainable",
        )
    gradients = _gradients(total, list(wanted.values()))
    generator = torch.Generator().manual_seed(seed)
    for (name, leaf), gradient in zip(wanted.items(), gradients, strict=True):
        for flat in torch.randperm(leaf.numel(), generator=generator)[:entries].tolist():
            way = torch.zeros(leaf.numel(), dtype=leaf.dtype, device=leaf.device)
            size = max(float(leaf.detach().flatten()[flat].abs()), 1e-2)
            way[flat] = size
            numeric, smooth = _difference(value, leaf, way.reshape(leaf.shape))
            yield Slope(
                name=name,
                place=tuple(int(i) for i in torch.unravel_index(torch.tensor(flat), leaf.shape)),
                analytic=0.0 if gradient is None else float(gradient.flatten()[flat]),
                numeric=numeric / size,
                smooth=smooth,
            )


def _gradients(total: Tensor, wanted: list[Tensor]) -> list[Tensor | None]:
    if not total.requires_grad:
        return [None] * len(wanted)
    found = torch.autograd.grad(total, wanted, allow_unused=True, retain_graph=True)
    return [None if gradient is None else gradient.detach() for gradient in found]  # type: ignore[redundant-expr]  # torch says less than it does


def _difference(value: Callable[[], Tensor], leaf: Tensor, way: Tensor) -> tuple[float, bool]:
    """The slope along a way by central differences, and whether a step of a tenth says the same, from both sides."""
    begun = leaf.detach().clone()

    def at(step: float) -> float:
        with torch.no_grad():
            leaf.data.copy_(begun + step * way)
            return float(value().detach())

    try:
        here = at(0.0)
        ahead, behind = (at(STEP) - here) / STEP, (here - at(-STEP)) / STEP
        wide = (ahead + behind) / 2
        narrow = (at(STEP / 10) - at(-STEP / 10)) / (2 * STEP / 10)
    finally:
        leaf.data.copy_(begun)
    rounding = 1e-9 * max(1.0, abs(here)) + 1e-12 * abs(here) / STEP
    size = max(abs(wide), abs(narrow), abs(ahead), abs(behind))
    same = abs(wide - narrow) <= SMOOTH * size + rounding and abs(ahead - behind) <= 0.05 * size + 10 * rounding
    return wide, same


def _weighted(
    function: Callable[..., Any], arguments: Sequence[Any], keywords: dict[str, Any], seed: int
) -> Callable[[], Tensor]:
    """The sum of all outputs with random weights, as a function of the tensors as they then are."""

    def value() -> Tensor:
        seed_everything(seed)
        outputs = [t for t in leaves(function(*arguments, **keywords)).values() if t.is_floating_point()]
        generator = torch.Generator().manual_seed(seed)
        total = torch.zeros((), dtype=torch.float64)
        for output in outputs:
            weights = torch.randn(output.shape, generator=generator, dtype=torch.float64)
            total = total + (output.double() * weights.to(output.device)).sum().cpu()
        return total

    return value


def _double(part: Any) -> Any:
    if not isinstance(part, torch.Tensor):
        return part
    return part.detach().double().clone().requires_grad_(True) if part.is_floating_point() else part.detach().clone()


def _differentiable(part: Any) -> bool:
    return isinstance(part, torch.Tensor) and part.is_floating_point()


@contextmanager
def _buffers_as_found(module: Any) -> Iterator[None]:
    buffers = list(module.buffers()) if isinstance(module, torch.nn.Module) else []
    kept = [buffer.detach().clone() for buffer in buffers]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in zip(buffers, kept, strict=True):
                buffer.copy_(before)
