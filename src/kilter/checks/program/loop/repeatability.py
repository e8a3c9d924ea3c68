"""The same seed gives the same training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.programs import batches, train_step, value_of
from kilter.engine.recording import state
from kilter.engine.trees import detached, leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Repeatability(ProgramProbe):
    """Made twice from one seed, the program takes the same first steps.

    **What it proves.** A generator is not seeded: weights, the order of the data, what augmentation draws or what a
    step draws differ from run to run, so that no result can be repeated and no two runs compared. Or an operation
    gives other bits each time.

    **How.** All global generators are seeded, the program is made again, and its weights, its batches and the losses
    of its first steps are compared with the recorded ones; what differs first says where.

    **When it stays silent.** Everything is the same. Differences of mere rounding are a note.

    **What it costs.** One make and `steps` steps.
    """

    code: ClassVar[str] = "L117"
    name: ClassVar[str] = "repeatability"
    steps: int = 3  # of the recorded ones that are repeated
    rounding: float = 1e-4  # of the loss: what sums in another order may make of it

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not recording.steps:
            yield Skipped(name=self.name, reason="no step was recorded")
            return
        made = bench.made()
        weights = state(made.model)
        first = recording.steps[0].before
        other = [name for name in weights if name in first and not _equal(weights[name], first[name])]
        if other:
            yield self._finding(f"weights such as {other[0]!r} differ when the program is made again", other)
            return
        losses: list[tuple[float, float]] = []
        with persons_code("A training step"):
            for at, (_, batch) in enumerate(batches(bench.program, made, min(self.steps, len(recording.steps)))):
                given, recorded = detached(batch), recording.steps[at]
                returned = value_of(train_step(bench.program, made, batch))
                if not _same_batch(given, recorded.batch) and not _same_batch(batch, recorded.batch):
                    yield self._finding(f"batch {at} of the training loader holds other numbers when it is read again")
                    return
                losses.append((returned, recorded.returned))
        yield from self._judged(losses)

    def _judged(self, losses: list[tuple[float, float]]) -> Iterator[Finding]:
        gaps = [abs(a - b) / max(abs(a), abs(b), 1e-12) for a, b in losses if math.isfinite(a) and math.isfinite(b)]
        if gaps and gaps[0] > self.rounding:
            yield self._finding(
                f"the loss of the first step is {losses[0][0]:.6g} instead of {losses[0][1]:.6g}, from the same"
                " weights, batch and random state"
            )
        elif gaps and max(gaps) > 0:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.NOTE,
                strength=Strength.PROVED,
                seen=f"Losses of the first steps differ by up to {max(gaps):.1g} of their size from the same weights,"
                " batches and random state.",
                advice="Set `torch.use_deterministic_algorithms(True)` to learn which operation it is.",
                causes=("nondeterministic_op",),
                evidence={"difference": max(gaps)},
            )

    def _finding(self, what: str, where: list[str] | None = None) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"From the same seed of all generators, {what}.",
            advice="Seed the generator that is drawn from: give `torch.Generator`, `numpy.random.default_rng` and the"
            " loader a seed that follows from that of `make`.",
            causes=("rng_not_seeded", "nondeterministic_op"),
            where=tuple((where or [])[:20]),
        )


def _same_batch(one: Any, other: Any) -> bool:
    mine, theirs = leaves(one), leaves(other)
    return mine.keys() == theirs.keys() and all(_equal(mine[path], theirs[path]) for path in mine)


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.equal(torch.nan_to_num(one.detach()), torch.nan_to_num(other.detach()))
