"""Bounded functions that stand at their limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.curves.layers import layers
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SaturatedLayers(Check[History]):
    """Almost all results of a hidden tanh or sigmoid lie at its limits, from the beginning.

    **What it proves.** At its limits such a function has no slope: the gradient of what lies below is lost on its way
    through. A layer that began there did not choose to be there.

    **How.** The share of results within .01 of the limits, by layer: `most` or more in the later half of the run. It is
    a warning for a hidden layer that had half of that at the first measurement, a note where saturation came with
    learning, or for the last function of the model, whose answers grow sure.

    **When it stays silent.** Smaller shares; fewer than three measurements; no layer statistics.

    **What it costs.** A median a layer.

    **Source.** Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks
    (AISTATS), section 3.
    """

    code: ClassVar[str] = "C142"
    name: ClassVar[str] = "saturated-layers"
    most: float = 0.8  # of a layer's results

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        measured = layers(subject, "saturated")
        if not measured:
            yield Skipped(name=self.name, reason="no share of saturated results was measured")
            return
        saturated = [layer for layer in measured if layer.late >= self.most]
        if not saturated:
            return
        output = layers(subject, "activation")[-1:]
        hidden = [
            layer
            for layer in saturated
            if layer.first >= self.most / 2 and not (output and layer.name == output[0].name)
        ] or [layer for layer in saturated if layer.first >= self.most / 2 and len(saturated) > 1]
        worst = max(hidden or saturated, key=lambda layer: layer.late)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if hidden else Severity.NOTE,
            seen=f"In {worst.name} {100 * worst.late:.0f} % of the results lie at the limits in the later half of the"
            f" run, and {100 * worst.first:.0f} % did at the first measurement.",
            advice="Scale the inputs, and the initial weights by the number of inputs, or normalise before it.",
            causes=("saturated_activation", "unnormalized_input", "vanishing_gradient"),
            experiment="Divide the layer's initial weights by ten: a loss that falls faster shows that the slope was"
            " missing.",
            where=tuple(layer.name for layer in (hidden or saturated)[:5]),
            evidence={"saturated": {layer.name: layer.late for layer in saturated[:20]}, "at first": worst.first},
        )
