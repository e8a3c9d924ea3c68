"""Parameters that never move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.layers import Layer, layers, unlearnt
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StillLayers(Check[History]):
    """Parameters that may be trained keep every digit of their values, while others move or while none do.

    **What it proves.** A parameter with a gradient and without an update is not in the optimizer, or its updates are
    smaller than the last digit of its number format. One without a gradient is cut off from the loss. Whether it was
    meant no log can tell: features are often kept from the input up to some layer.

    **How.** The measured updates, those at a learning rate of 0 left out. All of them 0, and the parameter's size the
    same throughout: it is still. 0 in `lost` or more of the measured steps that moved anything, in a quarter of all
    parameters: updates are lost to rounding. None in the last `rest` of the measurements, while others go on, and
    `sizable` steps before: it was stopped. Still ones are
    told apart by their gradients and by where they stand: a stretch that begins at the input is a note where the loss
    comes down, as is one that nothing reaches at the end; all of them, or some between others that move, are a
    warning.

    **When it stays silent.** All parameters move; what is frozen has no curve; fewer than three measurements.

    **What it costs.** A maximum and a median a parameter.

    **Source.** Micikevicius et al. 2018, Mixed precision training (ICLR), section 3.1, on updates that round to 0.
    """

    code: ClassVar[str] = "C143"
    name: ClassVar[str] = "still-layers"
    lost: float = 0.3  # of the measurements
    rest: float = 0.25  # of the measurements, at the end of which a parameter has stopped
    sizable: float = 1e-5  # of a parameter's size, in its last steps: it did not fade away into rounding
    learnt: float = 0.9  # of the training loss at the start: a loss below it was not learnt without a step

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        updates = layers(subject, "update")
        if not updates:
            yield Skipped(name=self.name, reason="no updates of parameters were measured")
            return
        gradients = {layer.name: float(layer.values.max()) for layer in layers(subject, "gradient")}
        moved = {layer.name for layer in layers(subject, "weight") if np.ptp(layer.values) > 0}
        still = [layer.values.max() == 0 and layer.name not in moved for layer in updates]
        if all(still) and not unlearnt(subject, share=self.learnt):
            return  # they move between the measurements
        if any(still):
            yield self._still(updates, still, gradients, idle=unlearnt(subject, share=self.learnt))
            return
        stopped = self._stopped(updates)
        if stopped:
            yield self._ended(stopped, updates)
            return
        rounded = self._rounded_away(updates, gradients)
        if len(rounded) >= max(2, len(updates) / 4):
            yield self._rounded(rounded, updates)

    def _stopped(self, updates: tuple[Layer, ...]) -> list[tuple[Layer, int]]:
        """Parameters that moved and then did so no more, with the measurement that was their last."""
        ends = [(layer, int(np.flatnonzero(layer.values)[-1]) + 1) for layer in updates if layer.values.any()]
        going_on = any(end == len(layer.values) for layer, end in ends)
        return [
            (layer, end)
            for layer, end in ends
            if going_on
            and len(layer.values) - end >= max(5, self.rest * len(layer.values))
            and float(np.median(layer.values[max(0, end - 3) : end])) > self.sizable
        ]

    def _ended(self, stopped: list[tuple[Layer, int]], updates: tuple[Layer, ...]) -> Finding:
        names = [layer.name for layer, _ in stopped]
        layer, end = stopped[0]
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"{len(names)} of {len(updates)} parameters, {names[0]} the first of them, moved until the {end}th of"
            f" {len(layer.values)} measurements and not once after it, while others went on.",
            advice="Look for what freezes them or sets their gradient to 0 at that time.",
            causes=("unintended_frozen_layer", "dead_relu", "optimizer_missing_group"),
            experiment="Go on from the last weights with all parameters set to require a gradient: if these move again,"
            " they had been frozen; if not, no gradient reaches them.",
            where=tuple(names[:5]),
            evidence={"stopped": names[:20], "after": end, "measurements": len(layer.values)},
            follows=("frozen-midway", "dead-layers", "early-decay"),
        )

    def _rounded_away(self, updates: tuple[Layer, ...], gradients: dict[str, float]) -> list[tuple[Layer, float]]:
        """Parameters with the share of steps that did not move them; steps that moved none are no steps."""
        most = max(len(layer.values) for layer in updates)
        whole = [layer for layer in updates if len(layer.values) == most]
        zero = np.stack([layer.values == 0 for layer in whole])
        stepped = ~zero.all(axis=0)
        shares = zero[:, stepped].mean(axis=1) if stepped.sum() >= 3 else np.zeros(len(whole))
        return [
            (layer, float(share))
            for layer, share in zip(whole, shares, strict=True)
            if share >= self.lost and layer.values.max() > 0 and gradients.get(layer.name, 0.0) > 0
        ]

    def _still(
        self, updates: tuple[Layer, ...], still: list[bool], gradients: dict[str, float], *, idle: bool
    ) -> Finding:
        names = [layer.name for layer, rests in zip(updates, still, strict=True) if rests]
        reached = [name for name in names if gradients.get(name, 0.0) > 0]
        first_moving = still.index(False) if not all(still) else len(still)
        at_the_input = sum(still) == first_moving and first_moving < len(still)
        last_moving = len(still) - 1 - still[::-1].index(False) if not all(still) else -1
        unused = not reached and sum(still) == len(still) - 1 - last_moving
        meant = unused or (at_the_input and not idle)
        causes: tuple[str, ...] = ("optimizer_missing_group", "unintended_frozen_layer", "optimizer_wrong_params")
        if all(still):
            causes = ("no_optimizer_step", "optimizer_wrong_params", "zero_grad_after_backward")
        if not reached:
            causes = ("unintended_frozen_layer" if at_the_input else "unused_layer", "detached_graph", "dead_relu")
            causes = ("loss_detached", *causes[:2]) if all(still) else causes
            before = [gradients.get(layer.name, 0.0) for layer in updates[: still.index(True)]]
            if not all(still) and any(gradient > 0 for gradient in before):  # it passes on to those: nothing is dead
                causes = ("unused_layer", "unintended_frozen_layer", "detached_graph")
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if meant and not all(still) else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{len(names)} of {len(updates)} parameters never moved, {names[0]} the first of them;"
            f" {len(reached)} of these had a gradient.",
            advice="Give the optimizer the parameters of the model as it is trained."
            if reached
            else "Look for `detach`, `no_grad`, rounding or a dead layer between these parameters and the loss.",
            causes=causes,
            experiment="Set one of these parameters to 0 and look at the loss: no change means that it is not used; a"
            " change, with a gradient, means that the optimizer does not hold it.",
            where=tuple(names[:5]),
            evidence={"still": names[:20], "with a gradient": len(reached), "parameters": len(updates)},
            follows=("dead-layers", "gradient-depth", "early-decay"),
        )

    def _rounded(self, rounded: list[tuple[Layer, float]], updates: tuple[Layer, ...]) -> Finding:
        share = float(np.median([part for _, part in rounded]))
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"{len(rounded)} of {len(updates)} parameters did not move in {100 * share:.0f} % of the measured"
            " steps, though they had a gradient.",
            advice="Keep the weights in 32 bits and compute in 16 (`torch.autocast`), or raise the learning rate.",
            causes=("low_precision_update", "loss_scale_overflow", "lr_too_low"),
            experiment="Train the same steps with weights in 32 bits: parameters that move then were held by rounding.",
            where=tuple(layer.name for layer, _ in rounded[:5]),
            evidence={"parameters": len(rounded), "of": len(updates), "share of steps": share},
            follows=("dead-layers", "gradient-depth", "early-decay"),
        )
