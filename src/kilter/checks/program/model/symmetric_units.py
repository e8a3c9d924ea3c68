"""Units that are each other's copies, and remain so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.input_effect import ignores_input
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SymmetricUnits(ProgramProbe):
    """Units of a layer begin as copies of one another and are updated alike.

    **What it proves.** Units with the same weights compute the same and get the same gradient, so a layer of a hundred
    is a layer of one: weights were filled with a constant where they should have been drawn.

    **How.** Rows of each weight that is trained are compared, as it was made and after the recorded updates. Rows that
    were alike, have moved, and are still alike are each other's copies for good. Where no row of any weight but the
    last ones moves, as with weights of zero throughout, that counts, too; so does a network whose weights are all
    filled with one number each, or two weights filled with numbers other than zero.

    **When it stays silent.** Rows differ from the start; rows that were alike have gone apart, as those of output
    layers, of branches and adapters that begin at zero, and of convolutions that begin as an average do; rows of an
    embedding that no example has asked for yet. Gates of recurrent layers may have a few different rows each.

    **What it costs.** Nothing beyond the recorded steps.

    **Source.** Goodfellow et al. 2016, Deep learning, section 8.4, on breaking symmetry.
    """

    code: ClassVar[str] = "M107"
    name: ClassVar[str] = "symmetric-units"
    alike: float = 1e-5  # of a row's size: rounding of updates that are the same
    kinds: int = 4  # different rows that a layer may be made of: the gates of an LSTM

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if len(recording.updates) < 2:
            yield Skipped(name=self.name, reason="fewer than two updates were recorded")
            return
        begun, after = recording.steps[0].before, recording.after
        held = [name for name in recording.names if name in recording.held and name in recording.trainable]
        matrices = [name for name in held if len(recording.shapes[name]) > 1 and recording.shapes[name][0] > 3]
        copies = {name: number for name in matrices for number in [self._copies(begun[name], after[name])] if number}
        if not copies and self._all_zero(begun, after, held):
            copies = {name: recording.shapes[name][0] for name in matrices}
        if not copies:
            yield from self._filled(begun, matrices)
            return
        named = max(copies, key=lambda name: copies[name])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if ignores_input(bench) else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{counted(copies[named], 'row')} of {named!r} ({recording.shapes[named][0]} rows) were the same when"
            f" it was made and still are after {counted(len(recording.updates), 'update')}; weights like that:"
            f" {listed(copies)}.",
            advice="Draw the weights of hidden layers at random, as the layers' own initialisation does; only biases"
            " and last layers may begin constant.",
            causes=("constant_init",),
            where=shown(list(copies)),
            evidence={"rows": copies[named], "weights": list(copies)[:50]},
        )

    def _filled(self, begun: Mapping[str, Tensor], matrices: list[str]) -> Iterator[Finding]:
        """Weights that were filled with a constant, though biases that were drawn tell their units apart."""
        filled = [name for name in matrices if float(begun[name].max()) == float(begun[name].min())]
        beside_zero = [name for name in filled if bool(begun[name].any())]
        if len(matrices) < 2 or (len(filled) < len(matrices) and len(beside_zero) < 2):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{len(filled)} of {counted(len(matrices), 'weight')} were filled with one number each:"
            f" {listed(filled)}; only what was drawn for biases tells their units apart.",
            advice="Draw the weights of hidden layers at random, as the layers' own initialisation does.",
            causes=("constant_init",),
            where=shown(filled),
            evidence={"weights": filled[:50]},
        )

    def _copies(self, begun: Tensor, after: Tensor) -> int:
        """How many rows moved as each other's copies; 0 if rows go apart."""
        left, right = begun.double().flatten(1), after.double().flatten(1)
        moved = (left != right).any(1)
        if int(moved.sum()) < 4 or not bool(torch.isfinite(right).all()):
            return 0
        left, right = left[moved], right[moved]
        allowed = max(self.kinds, 1)
        few = min(allowed, len(left) // 4)
        if _different(left, self.alike) > few or _different(right, self.alike) > few:
            return 0
        return len(left)

    def _all_zero(self, begun: Mapping[str, Tensor], after: Mapping[str, Tensor], held: list[str]) -> bool:
        """Whether all weights began at zero and at most a bias or the last layer has moved since."""
        matrices = [name for name in held if begun[name].ndim > 1]
        zero = all(not bool(begun[name].any()) for name in matrices)
        still = [name for name in matrices if torch.equal(begun[name], after[name])]
        return len(matrices) > 1 and zero and len(still) >= len(matrices) - 1


def _different(rows: Tensor, alike: float) -> int:
    """How many rows are not near an earlier one; stops at five."""
    heads = rows[:1]
    size = max(float(rows.abs().max()), 1e-30)
    for _ in range(5):
        far = (rows[:, None] - heads[None]).abs().amax(-1).amin(1) > alike * size
        if not bool(far.any()):
            return len(heads)
        heads = torch.cat([heads, rows[far][:1]])
    return len(heads)
