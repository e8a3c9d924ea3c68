"""Bounded units that stand at their ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.activity import activity
from kilter.checks.program.model.depth import layers
from kilter.checks.program.model.input_effect import ignores_input
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SaturatedUnits(ProgramProbe):
    """The tanh or sigmoid units of a layer stand at their ends from the start.

    **What it proves.** At its ends a bounded function has a derivative of next to nothing: what lies before it does not
    learn. Weights are drawn too large, or inputs are not standardised.

    **How.** Results of tanh and sigmoid are watched on two batches before the first update. A number is at an end if
    the derivative there is below a hundredth of its largest. That is confirmed by the gradients: those of a layer
    before, relative to its weights, are below `starved` of those of the last layer.

    **When it stays silent.** More than `open` of a layer's numbers have a derivative; gates of gated layers that stand
    open on purpose while their gradients arrive; the output's own sigmoid.

    **What it costs.** Nothing beyond the forward passes that all checks of activations share.

    **Source.** Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks
    (AISTATS).
    """

    code: ClassVar[str] = "M105"
    name: ClassVar[str] = "saturated-units"
    open: float = 0.25  # of a layer's numbers; unit variance before a tanh leaves 99 % open
    starved: float = 1e-2  # of the last layer's relative gradient

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        bounded = [seen for seen in activity(bench).seen if seen.kind in ("tanh", "sigmoid") and not seen.output]
        if not bounded:
            yield Skipped(name=self.name, reason="no tanh or sigmoid was seen inside of the model")
            return
        full = [seen for seen in bounded if seen.open < self.open]
        deep = layers(bench)
        if not full or len(deep) < 2 or not deep[-1].gradient > 0:
            return
        least = min(layer.gradient for layer in deep[:-1]) / deep[-1].gradient
        if least >= self.starved:
            return
        names = list(dict.fromkeys(seen.module or "the model itself" for seen in full))
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if ignores_input(bench) else Severity.WARNING,
            strength=Strength.MEASURED,
            seen=f"{percent(1 - min(seen.open for seen in full))} of the bounded units in {listed(names)} stood at an"
            f" end on the first batches; a layer before them gets {least:.1g} of the last one's relative gradient.",
            advice="Draw weights smaller (Glorot initialisation), standardise the inputs, or normalise before the"
            " bounded function.",
            causes=("saturated_activation", "unnormalized_input", "vanishing_gradient"),
            follows=("input-scale", "symmetric-units"),
            where=shown(names),
            evidence={"open": [round(seen.open, 4) for seen in full[:20]], "layers": names[:20], "gradient": least},
        )
