"""Rectified units that are at rest on every example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.activity import Seen, activity
from kilter.checks.program.model.input_effect import ignores_input
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeadUnits(ProgramProbe):
    """A layer of rectifiers answers zero to every example before the first update.

    **What it proves.** Units that are zero everywhere get no gradient, so they stay as they are: weights or biases
    with a negative mean, inputs that push all units to one side. A dead layer cuts off all that lies before it.

    **How.** Results of rectifiers (modules, functions or methods) are watched on two batches in the mode in which
    the program trains; a unit is dead if it was zero on every example and place. That is confirmed by the gradient:
    rows of some weight have none at all.

    **When it stays silent.** Less than `share` of a layer is dead, as a few units of most layers are; the rectifier is
    the model's output, which is looked at with the loss.

    **What it costs.** Two forward passes, shared by all checks of activations.

    **Source.** Lu et al. 2019, Dying ReLU and initialization (arXiv:1903.06733).
    """

    code: ClassVar[str] = "M104"
    name: ClassVar[str] = "dead-units"
    share: float = 0.9  # of a layer's units; at random about half of the units are open on each example

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        rectified = [seen for seen in activity(bench).seen if seen.kind == "relu" and not seen.output]
        if not rectified:
            yield Skipped(name=self.name, reason="no rectifier was seen inside of the model")
            return
        dead = [seen for seen in rectified if len(seen.alive) > 1 and _dead(seen) >= self.share]
        if not dead:
            return
        still = _without_gradient(bench, self.share)
        if not still:
            return
        worst = max(_dead(seen) for seen in dead)
        names = [seen.module or "the model itself" for seen in dead]
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if ignores_input(bench) else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{percent(worst)} of the rectified units in {listed(dict.fromkeys(names))} were zero on every example"
            f" of the first batches, and {listed(still)} got no gradient.",
            advice="Initialise the weights before the rectifier around zero (He initialisation, biases of zero), and"
            " standardise the inputs.",
            causes=("dead_relu", "unnormalized_input"),
            follows=("input-scale", "symmetric-units"),
            where=shown([*dict.fromkeys(names)]),
            evidence={"dead": worst, "layers": names[:20], "without gradient": still[:20]},
        )


def _dead(seen: Seen) -> float:
    return 1 - float(seen.alive.double().mean())


def _without_gradient(bench: Bench, share: float) -> list[str]:
    """Weights of which at least this share of rows gets no gradient at all, though backward reached them."""
    backward = next((b for step in bench.recording.steps for b in step.backwards if b.differentiable), None)
    if backward is None:
        return []
    return [
        name
        for name, gradient in backward.fresh.items()
        if gradient is not None and gradient.ndim > 1 and _idle(gradient) >= share
    ]


def _idle(gradient: Tensor) -> float:
    """The share of rows, or of columns if that is more, that are zero."""
    rows = (gradient.flatten(1) == 0).all(1).double().mean()
    return float(rows)
