"""What the predictions that a loss meets can be at all, whatever the weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.surface import Surface
from kilter.checks.program.predicted import main_output
from kilter.engine.trees import leaves, size, take
from kilter.values.recording import Call

if TYPE_CHECKING:
    from torch import Tensor, nn

DRAWS: Final = 3
"""Sets of other weights for each strength; each is taken twice, with the last layer as drawn and negated."""

STRENGTHS: Final = (3.0, 30.0)
"""Weights are made so many times as large, and as much noise is added: enough for any output without bounds to leave
the interval from -1 to 1, and the second ten times the first, so that what is bounded is seen to stay."""

ROWS: Final = 32
"""Rows of the batch that are predicted."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Predictions under many weights.

    Attributes:
        plain: of the first steps.
        mild: with weights changed by the first strength.
        strong: with weights changed by the second.
    """

    plain: tuple[Tensor, ...]
    mild: tuple[Tensor, ...]
    strong: tuple[Tensor, ...]

    @property
    def every(self) -> tuple[Tensor, ...]:
        """All of them."""
        return (*self.plain, *self.mild, *self.strong)

    def within(self, low: float, high: float) -> bool:
        """Whether none ever leaves this interval."""
        return all(bool(((tensor >= low) & (tensor <= high)).all()) for tensor in self.every)

    @property
    def bound(self) -> tuple[float, float] | None:
        """The interval that predictions do not leave however strong weights are; None where there is none."""
        if not self.mild or not self.strong:
            return None
        low, high = min(float(t.min()) for t in self.strong), max(float(t.max()) for t in self.strong)
        mild_low, mild_high = min(float(t.min()) for t in self.mild), max(float(t.max()) for t in self.mild)
        width = mild_high - mild_low
        if width <= 0 or high - low > 1.5 * width:  # ten times the weights would make it ten times as wide
            return None
        return min(low, mild_low), max(high, mild_high)

    @property
    def zeros(self) -> float:
        """The share of those of the first steps that is exactly 0."""
        return sum(float((tensor == 0).double().mean()) for tensor in self.plain) / len(self.plain)


def seen_predictions(bench: Bench, surface: Surface) -> tuple[Tensor, ...]:
    """What the loss met in the first steps, where it is heard; else what the model gave."""
    found: list[Tensor] = []
    for step in bench.recording.steps:
        tensor = _met(surface, step.losses, step.calls[-1].result if step.calls else None)
        if tensor is not None and tensor.ndim == surface.given.ndim:
            found.append(tensor.float())
    return tuple(tensor for tensor in found if bool(torch.isfinite(tensor).all()))


def seen_targets(bench: Bench, surface: Surface) -> Tensor:
    """What the loss had as targets in the first steps, flat."""
    found = [surface.target]
    for step in bench.recording.steps:
        if surface.places is not None:
            heard = leaves((step.losses[0].arguments, step.losses[0].keywords)) if step.losses else {}
            found += [heard[path] for path in surface.places[1:] if path in heard]
        else:
            found += [leaves(step.batch)[path] for path in bench.roles.targets[:1] if path in leaves(step.batch)]
    return torch.cat([tensor.detach().flatten() for tensor in found])


def reach(bench: Bench, surface: Surface) -> Reach:
    """Predictions of the first steps and those of changed weights; what is not finite is left out."""
    return bench.once(("reach of predictions",), lambda: _reach(bench, surface))


def _reach(bench: Bench, surface: Surface) -> Reach:
    made = bench.made()
    batch = bench.recording.steps[0].batch
    batch = take(batch, range(min(ROWS, size(batch) or 1)))
    begun = [parameter.detach().clone() for parameter in made.model.parameters()]
    generator = torch.Generator().manual_seed(0)
    found: dict[float, list[Tensor]] = {}
    for strength in STRENGTHS:
        for _ in _changed(made.model, begun, strength, generator):
            peek = bench.peek(made, batch, training=False)
            tensor = _met(surface, peek.losses, peek.outputs)
            if tensor is not None and bool(torch.isfinite(tensor).all()):
                found.setdefault(strength, []).append(tensor.detach().float())
    mild, strong = (tuple(found.get(strength, ())) for strength in STRENGTHS)
    return Reach(plain=(surface.given.float(), *seen_predictions(bench, surface)), mild=mild, strong=strong)


def _changed(model: nn.Module, begun: list[Tensor], strength: float, generator: torch.Generator) -> Iterator[None]:
    parameters = [parameter for parameter in model.parameters() if parameter.is_floating_point()]
    starts = [start for start in begun if start.is_floating_point()]
    for _ in range(DRAWS):
        with torch.no_grad():
            for parameter, start in zip(parameters, starts, strict=True):
                spread = float(start.abs().mean()) or 0.1  # the usual size of weights where they begin at zero
                noise = torch.randn(start.shape, generator=generator).to(start)
                parameter.data.copy_(strength * (start + spread * noise))
        yield
        with torch.no_grad():
            for parameter in parameters[-2:]:  # usually the weight and the bias of the last layer
                parameter.data.neg_()
        yield


def _met(surface: Surface, losses: tuple[Call, ...], outputs: Any) -> Tensor | None:
    """What the loss was given in a step; where it was not heard, what the model gave."""
    if surface.places is None:
        return main_output(outputs)
    return leaves((losses[0].arguments, losses[0].keywords)).get(surface.places[0]) if losses else None
