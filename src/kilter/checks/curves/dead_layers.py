"""Rectifiers that answer to nothing."""

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
class DeadLayers(Check[History]):
    """Most units of a rectified layer gave 0 for every example of the batches that were looked at.

    **What it proves.** A unit that is 0 for all examples has no gradient and cannot come back by itself. A layer of
    such units passes nothing on: what lies above it sees a constant, what lies below it learns nothing.

    **How.** The median share of dead units in the later half of the run, by layer. A warning from `all_of_them` on, a
    note from `many` on: small batches and sparse inputs leave units silent that are not dead.

    **When it stays silent.** Smaller shares; fewer than three measurements; no layer statistics.

    **What it costs.** A median a layer.

    **Source.** Lu, Shin, Su and Karniadakis 2020, Dying ReLU and initialization (arXiv:1903.06733).
    """

    code: ClassVar[str] = "C141"
    name: ClassVar[str] = "dead-layers"
    all_of_them: float = 0.95  # of a layer's units
    many: float = 0.6  # of a layer's units

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        measured = layers(subject, "dead")
        if not measured:
            yield Skipped(name=self.name, reason="no share of dead units was measured")
            return
        dead = sorted((layer for layer in measured if layer.late >= self.many), key=lambda layer: -layer.late)
        if not dead:
            return
        worst = dead[0]
        grave = worst.late >= self.all_of_them
        from_the_start = worst.first >= self.many
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if grave else Severity.NOTE,
            seen=f"In {worst.name} {100 * worst.late:.0f} % of the units gave 0 for every example of a batch, in the"
            f" later half of the run ({100 * worst.first:.0f} % at the first measurement); in {len(dead)} of"
            f" {len(measured)} layers it is {100 * self.many:.0f} % or more.",
            advice="Initialise that layer anew with biases of 0 or above, or use a leaky rectifier."
            if from_the_start
            else "Lower the learning rate, or use a leaky rectifier.",
            causes=("dead_relu", "unnormalized_input", "constant_init")
            if from_the_start
            else ("dead_relu", "lr_too_high", "unnormalized_input"),
            experiment="Train again with a tenth of the learning rate: units that stay alive were killed by large"
            " steps, units that are dead at once by the initialisation or the scale of the input.",
            where=tuple(layer.name for layer in dead[:5]),
            evidence={"dead": {layer.name: layer.late for layer in dead[:20]}, "at first": worst.first},
        )
