"""A loss that does not ask for the targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.trees import leaves, with_leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsUnused(ProgramProbe):
    """The loss is another one when all rows have the target of one of them.

    **What it proves.** What is learnt does not depend on the targets of the batch: they are overwritten, multiplied by
    nought, or another variable is used in their place.

    **How.** The loss of a batch, and of the same batch with the target of one row in the place of all, for some rows,
    after a few steps, since fresh logits may all be the same, and with the same draws.

    **When it stays silent.** The loss changes; or all targets of the batch are the same. Skipped for tasks without
    targets of their own.

    **What it costs.** Three steps and some five forward passes.

    **Source.** The metamorphic form of Karpathy 2019, A recipe for training neural networks, "input-independent
    baseline", with targets in the place of inputs.
    """

    code: ClassVar[str] = "O119"
    name: ClassVar[str] = "targets-unused"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        if bench.program.task in (Kind.CONTRASTIVE, Kind.OTHER, Kind.GENERATION) or not bench.roles.targets:
            yield Skipped(name=self.name, reason="the task has no targets of its own, or they are not seen")
            return
        batch, made = bench.recording.steps[0].batch, bench.warmed()
        targets = {path: leaves(batch)[path] for path in bench.roles.targets if path in leaves(batch)}
        rows = min((len(tensor) for tensor in targets.values() if tensor.ndim), default=0)
        alike = [
            {path: t[row : row + 1].expand_as(t).clone() if t.ndim else t for path, t in targets.items()}
            for row in range(0, rows, max(1, rows // 4))
        ]
        other = [new for new in alike if any(not torch.equal(new[path], t) for path, t in targets.items())]
        as_it_is = bench.peek(made, batch).loss
        if not other or as_it_is is None or not bool(torch.isfinite(as_it_is).all()):
            yield Skipped(name=self.name, reason="no two targets of a batch differ, or its loss is no number")
            return
        losses = [bench.peek(made, with_leaves(batch, new)).loss for new in other]
        if not all(loss is not None and torch.equal(loss.detach(), as_it_is.detach()) for loss in losses):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The loss of a batch is {float(as_it_is.detach()):.6g} to the last bit, whatever the targets of its"
            " rows are.",
            advice="Look which variable the loss is given in the place of the batch's targets.",
            causes=("label_misaligned", "wrong_loss_for_task"),
            follows=("loss-cap", "softmax-place", "loss-detached"),
            evidence={"loss": float(as_it_is.detach())},
        )
