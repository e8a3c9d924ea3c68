"""Instruments: what one step does to each layer of a model, as numbers."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.engine.activations import Activation, Lookout
from kilter.engine.attention import entropy, shares

if TYPE_CHECKING:
    from torch import Tensor, nn

NUMBERS: Final = 1 << 18
"""Of a larger tensor an evenly spread sample of so many numbers is read: its root mean square is right to .2 %."""

SHARES: Final = 1 << 18
"""Of an attention, so many shares are looked at."""

NEAR: Final = 0.01
"""Distance from a bounded function's limits that counts as saturated."""

_LIMITS: Final = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}


@final
@dataclass(slots=True)
class _Sums:
    """What one layer's activations have come to so far; tensors without a dimension, that are still on their device."""

    total: list[Tensor] = field(default_factory=list)
    count: int = 0
    near: list[Tensor] = field(default_factory=list)
    near_count: int = 0
    alive: Tensor | None = None
    spread: list[tuple[Tensor, Tensor]] = field(default_factory=list)


@final
class Instruments:
    """Measures a step of a training: gradients, weights, updates and activations of each layer.

    `arm` before the step, `read` after its backward pass and before anything clips or applies the gradients, `take`
    after the update. A step that is not armed costs nothing, and no hook stays on the model. Weights, gradients and
    random states are only read.

    Names are those of `kilter.values.curve_names`: `gradient/`, `weight/` and `update/` with a parameter's name, in the
    order in which modules were called; `activation/`, `dead/` and `saturated/` with the name of the module whose
    weights were applied last before the function, so that `dead/first` belongs to `gradient/first.weight`, be the
    rectifier a module or a function; `entropy/` with the module that attends. A parameter that got no gradient has a
    gradient of 0; an update is 1 where nothing was before. A compiled model shows no activations, since a listener
    would have it compiled anew.

    Attributes:
        armed: whether a step is being measured.
        seconds: what the last measurement took.
    """

    def __init__(self, model: nn.Module) -> None:
        self.armed = False
        self.seconds = 0.0
        self._model = model
        self._lookout: Lookout | None = None
        self._sums: dict[tuple[str, str], _Sums] = {}
        self._parameters: list[tuple[str, Tensor]] = []
        self._gradients: list[Tensor] = []
        self._before: list[Tensor] = []

    def __enter__(self) -> Instruments:
        return self

    def __exit__(self, *_: object) -> None:
        self.disarm()

    def arm(self) -> None:
        """The next step is measured."""
        began = time.perf_counter()
        self.disarm()
        self.armed, self.seconds = True, 0.0
        self._parameters = [
            (name, parameter) for name, parameter in self._model.named_parameters() if parameter.requires_grad
        ]
        if not _compiled(self._model):
            self._lookout = Lookout(self._model, self._look)
        self.seconds += time.perf_counter() - began

    def read(self) -> None:
        """The gradients are whole and not yet clipped; read again, they replace those read before.

        Weights are remembered as they are at the first reading.
        """
        if self.armed:
            self._read()

    def take(self) -> dict[str, float]:
        """What was measured, by name; empty where nothing was armed. Without `read` there are no updates."""
        return self._take() if self.armed else {}

    def disarm(self) -> None:
        """Let go of the model, whatever was measured."""
        self.armed = False
        if self._lookout is not None:
            self._lookout.close()
        self._lookout = None
        self._parameters, self._gradients, self._before, self._sums = [], [], [], {}

    @torch.no_grad()
    def _read(self) -> None:
        began = time.perf_counter()
        self._gradients = _roots([_gradient(parameter) for _, parameter in self._parameters])
        # Of several optimizers one may have gone on before the next backward pass.
        self._before = self._before or [_sample(parameter).clone() for _, parameter in self._parameters]
        self.seconds += time.perf_counter() - began

    @torch.no_grad()
    def _take(self) -> dict[str, float]:
        began = time.perf_counter()
        parts = []
        if self._lookout is not None:
            parts = self._lookout.calls.parts
            self.seconds += self._lookout.seconds
        names = [name for name, _ in self._parameters]
        gradients = self._gradients or _roots([_gradient(parameter) for _, parameter in self._parameters])
        after, before = [_sample(parameter) for _, parameter in self._parameters], self._before
        changes = _roots(_changes(before, after)) if before else []
        heard = list(_readings(self._sums))
        self.disarm()
        numbers = _together([*gradients, *_roots(after), *changes, *(number for _, number in heard)])

        count, kinds = len(names), 3 if changes else 2
        gradient, weight, change = (numbers[at * count : (at + 1) * count] if at < kinds else [] for at in range(3))
        update = [_ratio(*pair) for pair in zip(change, weight, strict=False)]
        taken: dict[str, float] = {}
        for measure, values in (("gradient", gradient), ("weight", weight), ("update", update)):
            taken |= {f"{measure}/{names[at]}": values[at] for at in _depth(names, parts) if values}
        spoken = zip(heard, numbers[kinds * count :], strict=True)
        taken |= {name: value for (name, _), value in spoken if not (name.startswith("entropy/") and value < 0)}
        self.seconds += time.perf_counter() - began
        return taken

    def _look(self, activation: Activation) -> None:
        result = activation.result.detach()
        if activation.kind in {"softmax", "attention"}:
            self._attend(activation)
        elif result.is_floating_point() and result.numel() and result.ndim > 1:
            name = activation.layer or activation.module or activation.kind
            sums = self._sums.setdefault(("activation", name), _Sums())
            sums.total.append(result.sum(dtype=torch.float32))
            sums.count += result.numel()
            if activation.kind == "relu":
                self._rest(sums, result, activation.units)
            elif activation.kind in _LIMITS:
                low, high = _LIMITS[activation.kind]
                sums.near.append(((result < low + NEAR) | (result > high - NEAR)).sum())
                sums.near_count += result.numel()

    def _rest(self, sums: _Sums, result: Tensor, units: int) -> None:
        kept = units % result.ndim
        alive = (result != 0).any(dim=[place for place in range(result.ndim) if place != kept])
        fits = sums.alive is not None and sums.alive.shape == alive.shape
        sums.alive = sums.alive | alive if sums.alive is not None and fits else alive

    def _attend(self, activation: Activation) -> None:
        seen = shares(activation, most=SHARES, dtype=torch.float32)
        if seen is not None and seen[0].numel():
            name = activation.module or "attention"
            self._sums.setdefault(("entropy", name), _Sums()).spread.append(entropy(*seen))


def _readings(heard: dict[tuple[str, str], _Sums]) -> Iterator[tuple[str, Tensor]]:
    """Names and numbers of activations, in the order in which they were first heard."""
    for (measure, name), sums in heard.items():
        if measure == "entropy":
            total, count = (sum(part[1:], part[0]) for part in zip(*sums.spread, strict=True))
            yield f"entropy/{name}", torch.where(count > 0, total / count, -1.0)  # below 0: nobody had a choice
            continue
        yield f"activation/{name}", sum(sums.total[1:], sums.total[0]) / sums.count
        if sums.alive is not None:
            yield f"dead/{name}", 1 - sums.alive.float().mean()
        if sums.near:
            yield f"saturated/{name}", sum(sums.near[1:], sums.near[0]) / sums.near_count


def _gradient(parameter: Tensor) -> Tensor:
    """The gradient of a parameter, a sample of a large one; zero where there is none."""
    gradient = parameter.new_zeros(1) if parameter.grad is None else parameter.grad
    return _sample(gradient.to_dense() if gradient.is_sparse else gradient)


def _sample(tensor: Tensor) -> Tensor:
    """A tensor's numbers, or an evenly spread part of very many, in one dimension."""
    tensor = tensor.detach()
    flat = (torch.view_as_real(tensor) if tensor.is_complex() else tensor).reshape(-1)
    if len(flat) <= NUMBERS:
        return flat
    stride = len(flat) // NUMBERS + 1
    return flat[:: stride + 1 - stride % 2]  # an odd stride walks through all columns of a matrix of width 2^n


def _roots(samples: list[Tensor]) -> list[Tensor]:
    """The root mean square of each, in 32 bits at least."""
    if not samples:
        return []
    wide = [sample if sample.element_size() >= 4 else sample.float() for sample in samples]
    norms = torch._foreach_norm(wide)  # noqa: SLF001 - one kernel for all
    return list(torch._foreach_div(norms, [math.sqrt(max(1, len(sample))) for sample in samples]))  # noqa: SLF001


def _changes(before: list[Tensor], after: list[Tensor]) -> list[Tensor]:
    """What was added to each; nothing can be said of one that has another size now."""
    if all(one.shape == other.shape for one, other in zip(before, after, strict=True)):
        return list(torch._foreach_sub(after, before))  # noqa: SLF001 - one kernel for all
    return []


def _ratio(change: float, weight: float) -> float:
    return change / weight if weight else float(change > 0)


def _together(numbers: list[Tensor]) -> list[float]:
    """Their values, in one transfer from each device."""
    values = [0.0] * len(numbers)
    for device in dict.fromkeys(number.device for number in numbers):
        places = [at for at, number in enumerate(numbers) if number.device == device]
        dtype = torch.float64 if any(numbers[at].dtype == torch.float64 for at in places) else torch.float32
        moved = torch.stack([numbers[at].to(dtype) for at in places]).tolist()
        for at, value in zip(places, moved, strict=True):
            values[at] = value
    return values


def _depth(names: list[str], called: list[str]) -> list[int]:
    """The places of parameters in the order in which their modules were called, or what the modules are in."""
    places = {name: at for at, name in enumerate(called)}

    def place(at: int) -> int:
        owner = names[at]
        while owner:
            owner = owner.rpartition(".")[0]
            if owner in places and (owner or "." not in names[at]):
                return places[owner]
        return len(places)

    return sorted(range(len(names)), key=place)


def _compiled(model: nn.Module) -> bool:
    def is_one(module: Any) -> bool:
        kept = getattr(module, "_compiled_call_impl", None)
        return kept is not None or hasattr(module, "_orig_mod") or isinstance(module, torch.jit.ScriptModule)

    return any(is_one(module) for module in model.modules())
