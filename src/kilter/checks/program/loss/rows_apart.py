"""Predictions that meet the targets of other rows of their batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.recording import Call, SeenStep


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RowsApart(ProgramProbe):
    """Each prediction meets the target of its own row.

    **What it proves.** Between loader and loss, inputs or targets were put into another order and the other was not:
    a flip, a sort by length, a shuffle of one of the two. Every row is taught the answer of another one.

    **How.** The rows that the model is given and those that the loss is given as targets are compared with the rows of
    the batch. What is the same rows in another order was reordered; both must have been, and alike.

    **When it stays silent.** Inputs and targets are in the batch's order, or in the same other one; some call of the
    loss has them in order (mixtures of rows ask for both); rows were changed on the way, so that they cannot be told.
    Skipped for contrastive tasks and others, which may well pair rows anew.

    **What it costs.** Nothing beyond the recorded steps.

    **Source.** Humbatova et al. 2020, Taxonomy of real faults in deep learning systems (ICSE): labels of other rows.
    """

    code: ClassVar[str] = "O118"
    name: ClassVar[str] = "rows-apart"
    steps: int = 3  # that are looked at

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        roles = bench.roles
        if bench.program.task in (Kind.CONTRASTIVE, Kind.OTHER) or not roles.inputs or not roles.targets:
            yield Skipped(name=self.name, reason="rows may be paired anew, or inputs and targets are not seen")
            return
        told = [
            apart for step in bench.recording.steps[: self.steps] if (apart := self._apart(bench, step)) is not None
        ]
        if not told or not all(told):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"In each of {counted(len(told), 'step')} the loss met the batch's targets in another order than the"
            " model met its inputs.",
            advice="Look for a flip, sort or shuffle of inputs or targets alone, between the loader and the loss.",
            causes=("label_misaligned",),
            evidence={"steps": len(told)},
        )

    def _apart(self, bench: Bench, step: SeenStep) -> bool | None:
        """Whether no target met its own row; None where that cannot be told."""
        batch = leaves(step.batch)
        inputs, targets = batch.get(bench.roles.inputs[0]), batch.get(bench.roles.targets[0])
        if inputs is None or targets is None or not inputs.ndim or len(inputs) != len(targets):
            return None
        given = [order for tensor in _tensors(step.calls) if (order := _order(inputs, tensor)) is not None]
        if len(given) != 1:
            return None
        asked = [tensor for tensor in _tensors(step.losses) if _same_rows(targets, tensor)]
        if not asked:
            return None
        return not any(torch.equal(tensor.reshape(targets.shape), targets[given[0]]) for tensor in asked)


def _tensors(calls: Iterable[Call]) -> list[Tensor]:
    return [tensor for call in calls for part in (call.arguments, call.keywords) for tensor in leaves(part).values()]


def _order(rows: Tensor, other: Tensor) -> Tensor | None:
    """Which row of the one each row of the other is; None where they are not the same rows, or rows repeat."""
    if other.shape != rows.shape or other.dtype != rows.dtype:
        return None
    ours, theirs = _keys(rows), _keys(other)
    places = {key: at for at, key in enumerate(ours)}
    if len(places) != len(ours) or set(theirs) != set(ours):
        return None
    return torch.tensor([places[key] for key in theirs])


def _same_rows(rows: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same rows, in whatever order."""
    if other.numel() != rows.numel() or other.dtype != rows.dtype or other.shape[:1] != rows.shape[:1]:
        return False
    return sorted(_keys(rows)) == sorted(_keys(other.reshape(rows.shape)))


def _keys(rows: Tensor) -> list[bytes]:
    return [row.tobytes() for row in rows.detach().cpu().contiguous().numpy()]
