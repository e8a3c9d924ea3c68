"""Time that goes into waiting for batches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.persons_code import persons_code
from kilter.checks.program.batches.given import given
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.programs import train_step
from kilter.engine.trees import apart
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingForBatches(ProgramProbe):
    """The loader keeps up with the model.

    **What it proves.** Most of a step's time goes into reading the batch. Nothing is wrong with what is learnt; it
    could be learnt sooner.

    **How.** The time that a batch took to read, over an epoch, against the quickest of three steps.

    **When it stays silent.** Reading a batch takes less than `slow` seconds, or less than `share` of a step and its
    batch. It is a note at most.

    **What it costs.** One reading of the loaders, shared with other checks, and three steps where reading is slow.

    **Source.** PyTorch documentation, Performance tuning guide: enable asynchronous data loading.
    """

    code: ClassVar[str] = "B125"
    name: ClassVar[str] = "waiting-for-batches"
    slow: float = 0.02  # seconds: below, a hundred batches cost two, and nobody waits
    share: float = 0.6  # of a step and its batch: more than half, whatever the clock adds

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench).train
        reading = read.seconds / max(1, len(read.batches))
        if not read.batches or reading < self.slow:
            return
        made = bench.made()
        times = []
        made.model.train()
        with persons_code("A training step"):
            for batch in read.batches[:3]:
                own = apart(batch)
                began = time.perf_counter()
                train_step(bench.program, made, own)
                times.append(time.perf_counter() - began)
        share = reading / (reading + min(times))
        if share > self.share:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.NOTE,
                strength=Strength.MEASURED,
                causes=("input_bound",),
                seen=f"Reading a batch takes {reading:.3f} s, a step {min(times):.3f} s.",
                advice="Read in worker processes (`num_workers`), or prepare rows once and keep them.",
                evidence={"reading": reading, "step": min(times)},
            )
