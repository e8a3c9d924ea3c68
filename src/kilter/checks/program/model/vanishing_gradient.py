"""Gradients that die away on their way to the first layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.depth import Layer, layers, slope
from kilter.checks.program.model.input_effect import ignores_input
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VanishingGradient(ProgramProbe):
    """The first layers get a gradient that is smaller by orders of magnitude than that of the last ones.

    **What it proves.** Each layer passes only a part of the gradient on, and so many of them leave nothing: the first
    layers stay as they were drawn, and what they draw from the input dies away on the way to the output, too.

    **How.** Layers are put in the order in which they are called; the norm of each one's gradient at the first
    backward is taken relative to that of its weights. Over the first updates the movement of each is taken in the same
    way, so that an optimizer that makes up for small gradients counts as a cure.

    **When it stays silent.** The first third of the layers gets more than `faded` of what the last ones get, or moves
    more than `still` of what they move while outputs answer to the inputs; gradients do not fall layer by layer but
    lack in one place, as at a gate that begins at zero; there are fewer than `depth` layers.

    **What it costs.** Nothing beyond the recorded steps.

    **Source.** Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks
    (AISTATS); Pascanu et al. 2013, On the difficulty of training recurrent neural networks (ICML).
    """

    code: ClassVar[str] = "M106"
    name: ClassVar[str] = "vanishing-gradient"
    faded: float = 1e-4  # of the last layers' relative gradient
    still: float = 1e-2  # of the last layers' relative movement
    depth: int = 4  # layers

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        deep = [layer for layer in layers(bench) if layer.gradient > 0]
        if len(deep) < self.depth:
            yield Skipped(name=self.name, reason=f"fewer than {self.depth} layers get a gradient")
            return
        third = max(1, len(deep) // 3)
        first, last = deep[:third], deep[-third:]
        share = _typical(first, "gradient") / _typical(last, "gradient")
        moved = _typical(first, "moved") / max(_typical(last, "moved"), 1e-30)
        falls = slope([layer.gradient for layer in deep])
        if share >= self.faded or falls < 1.5 or deep[0].gradient > 10 * deep[third].gradient:
            return
        deaf = ignores_input(bench)
        if moved >= self.still and not deaf:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if deaf else Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"The first {third} of {len(deep)} layers get {share:.1g} of the relative gradient of the last ones,"
            f" {falls:.2g} times less with each layer, and move {moved:.1g} of what those move.",
            advice="Use rectifiers with He initialisation, residual connections or normalisation between the layers,"
            " or fewer layers.",
            causes=("vanishing_gradient", "saturated_activation"),
            follows=("saturated-units", "dead-units", "symmetric-units"),
            where=tuple(layer.name for layer in first),
            evidence={
                "share": share,
                "moved": moved,
                "gradients": [float(f"{layer.gradient:.3g}") for layer in deep[:40]],
            },
        )


def _typical(some: list[Layer], what: str) -> float:
    return float(median(getattr(layer, what) for layer in some))
