"""Signals and gradients that grow with depth or time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import ClassVar, NamedTuple, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.activity import Activity, activity
from kilter.checks.program.model.depth import gradient_norms, layers, slope
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength


class Growth(NamedTuple):
    """What grows, by how much, and how that reads."""

    factor: float
    seen: str
    where: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExplodingGradient(ProgramProbe):
    """Activations or gradients grow by the same factor from layer to layer, or from time to time.

    **What it proves.** What is multiplied by a factor above one at each layer or place of a sequence becomes huge at
    the end; a small step of the weights then changes everything, and the loss jumps or is no number any more.

    **How.** Before the first update: the sizes of activations in the order in which they are computed; the gradients
    of layers, relative to their weights, in the order of their calls; and for a square weight that is applied again
    and again with rectifiers between, the factor by which it multiplies the variance each time, which is half of its
    mean square row norm.

    **When it stays silent.** Growth is below `large` in all, or not from layer to layer; a recurrent weight keeps the
    variance below `variance` times its start. It is a note where the program clips gradients.

    **What it costs.** Nothing beyond the forward passes that all checks of activations share.

    **Source.** Pascanu et al. 2013, On the difficulty of training recurrent neural networks (ICML); He et al. 2015,
    Delving deep into rectifiers (ICCV), equation 10, for the factor one half.
    """

    code: ClassVar[str] = "M109"
    name: ClassVar[str] = "exploding-gradient"
    large: float = 1e3  # first to last
    variance: float = 10.0  # times its start, by a recurrent weight; drawn right it is 1
    each: float = 1.3  # from one layer to the next, typically
    depth: int = 5  # layers or places

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        watched = activity(bench)
        grown = [one for one in (self._forward(watched), self._backward(bench), self._again(bench, watched)) if one]
        if not grown:
            return
        clipped = _clipped(bench)
        norms = gradient_norms(bench.recording)
        worst = grown[0]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if clipped else Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"{worst.seen}; gradients had a norm of {norms[0] if norms else math.nan:.2g} at the first backward"
            f"{' and are clipped' if clipped else ''}.",
            advice="Draw the weights so that variance is kept (He initialisation; a recurrent weight orthogonal or"
            " smaller), normalise between layers, or clip the norm of gradients.",
            causes=("exploding_gradient", "missing_grad_clip"),
            follows=("input-scale",),
            where=worst.where,
            evidence={"growth": worst.factor, "norms": [float(f"{norm:.3g}") for norm in norms[:12]]},
        )

    def _forward(self, watched: Activity) -> Growth | None:
        unbounded = [seen for seen in watched.seen if seen.kind in ("relu", "other") and seen.scale > 0]
        if len(unbounded) < self.depth:
            return None
        scales = [seen.scale for seen in unbounded]
        factor, each = scales[-1] / scales[0], slope(scales)
        if not factor >= self.large or each < self.each:
            return None
        text = f"Activations grew {factor:.2g} times from the first to the last of {len(scales)}, {each:.2g} times each"
        return Growth(factor, text, (unbounded[0].module, unbounded[-1].module))

    def _backward(self, bench: Bench) -> Growth | None:
        deep = [layer for layer in layers(bench) if layer.gradient > 0]
        if len(deep) < self.depth:
            return None
        third = max(1, len(deep) // 3)
        first = median(layer.gradient for layer in deep[:third])
        last = median(layer.gradient for layer in deep[-third:])
        each = 1 / slope([layer.gradient for layer in deep])
        if not first >= self.large * last or each < self.each:
            return None
        text = f"The first {third} of {len(deep)} layers get {first / last:.2g} times the last ones' relative gradient"
        return Growth(first / last, text, tuple(layer.name for layer in deep[:third]))

    def _again(self, bench: Bench, watched: Activity) -> Growth | None:
        """What a recurrent weight with rectifiers makes of the variance."""
        open_ended = sum(seen.kind == "relu" for seen in watched.seen)
        ended = sum(seen.kind in ("tanh", "sigmoid") for seen in watched.seen)
        for name, times in watched.applied.items():
            shape = bench.recording.shapes.get(name, ())
            if len(shape) != 2 or shape[0] != shape[1] or times < self.depth or open_ended < times or ended >= times:
                continue
            each = float(bench.recording.steps[0].before[name].double().pow(2).sum()) / shape[0] / 2
            factor = each**times
            if factor > self.variance:
                text = (
                    f"{name!r} is applied {times} times to each example and multiplies the variance by {each:.3g} each"
                    f" time, {factor:.2g} times in all, and a signal that no rectifier cuts by"
                    f" {(2 * each) ** (times / 2):.2g}"
                )
                return Growth(factor, text, (name,))
        return None


def _clipped(bench: Bench) -> bool:
    """Whether the gradients that updates meet are a small part of fresh ones."""
    ratios = []
    for step in bench.recording.steps:
        if len(step.backwards) != 1 or len(step.updates) != 1:
            continue
        fresh = step.backwards[0].fresh
        met = step.updates[0].gradients
        both = [(met[name], fresh[name]) for name in met if name in fresh]
        pairs = [(float(a.norm()), float(b.norm())) for a, b in both if a is not None and b is not None]
        whole = math.sqrt(sum(b * b for _, b in pairs))
        if whole > 0 and math.isfinite(whole):
            ratios.append(math.sqrt(sum(a * a for a, _ in pairs)) / whole)
    return bool(ratios) and median(ratios) < 0.5
