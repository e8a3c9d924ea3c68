"""What weight decay is applied to, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decay(ProgramProbe):
    """Weight decay is decoupled from adaptive steps, and spares offsets and scales.

    **What it proves.** In Adam, a decay that is added to the gradient is divided by its size again: weights with large
    gradients hardly decay. Biases and the scales of normalisation gain nothing from being drawn to zero.

    **How.** The settings of the optimizers' groups: a decay beside two decay rates of moments, without the word that
    decouples it; a decay on parameters with one dimension.

    **When it stays silent.** It never says more than a note.

    **What it costs.** Nothing beyond the recording.

    **Source.** Loshchilov and Hutter 2019, Decoupled weight decay regularization, section 2.
    """

    code: ClassVar[str] = "L121"
    name: ClassVar[str] = "decay"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        groups = [group for update in recording.updates[:1] for group in update.groups]
        if not groups:
            yield Skipped(name=self.name, reason="no update was seen")
            return
        decaying = [group for group in groups if group.get("weight_decay")]
        coupled = [group for group in decaying if "betas" in group and group.get("decoupled_weight_decay") is False]
        if coupled:
            yield self._note(
                f"Adam adds a weight decay of {coupled[0]['weight_decay']:g} to the gradient.",
                "Take AdamW, or leave the decay out.",
                "l2_in_adam",
            )
        flat = [n for group in decaying for n in group["names"] if len(recording.shapes.get(n, (0, 0))) <= 1]
        if flat:
            yield self._note(
                f"Weight decay is applied to {counted(len(flat), 'parameter')} with one dimension.",
                "Put biases and the weights of normalisation into a group without decay.",
                "decay_on_norm_or_bias",
            )

    def _note(self, seen: str, advice: str, cause: str) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=(cause,),
        )
