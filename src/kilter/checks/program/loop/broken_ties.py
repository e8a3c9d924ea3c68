"""Weights that began as one and go apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor, nn


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenTies(ProgramProbe):
    """Weights that are tied stay one.

    **What it proves.** The output layer was given a copy of the embedding's weights, or a decoder that of an encoder's
    transposed, where it was to share them: after the first step there are two matrices.

    **How.** Pairs of matrices with the very same random numbers at the start, of layers of different kinds (an
    embedding and a linear layer) or one the transpose of the other, that differ after the recorded steps.

    **When it stays silent.** Layers of one kind that were copied from one another, as in a stack, in two towers, in a
    target or an average; one shared parameter, which is no pair.

    **What it costs.** Nothing beyond the recording.
    """

    code: ClassVar[str] = "L120"
    name: ClassVar[str] = "broken-ties"
    least: int = 16  # numbers of a matrix: smaller ones may be equal by intention of their start

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        recording = bench.recording
        if not recording.steps:
            yield Skipped(name=self.name, reason="no step was recorded")
            return
        for one, other, turned in tied(bench, least=self.least):
            left, right = recording.after[one], recording.after[other]
            gap = float((left - (right.T if turned else right)).norm() / left.norm().clamp_min(1e-12))
            if gap == 0:
                continue
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE,
                strength=Strength.PROVED,
                seen=f"{one!r} and {other!r} began with the same {left.numel():,} numbers"
                f"{', transposed,' if turned else ''} and differ by {gap:.2g} of their size after"
                f" {len(recording.steps)} steps.",
                advice="Assign the parameter itself, not a copy of its data, and give it to the optimizer once.",
                causes=("tied_weights_broken",),
                where=(one, other),
                evidence={"difference": gap},
            )


def tied(bench: Bench, *, least: int = 16) -> list[tuple[str, str, bool]]:
    """Pairs of matrices of different kinds of layers that began with the same numbers, and whether transposed."""
    recording = bench.recording
    first = recording.steps[0].before if recording.steps else {}
    names = [
        n
        for n in recording.names
        if n in first
        and n in recording.after
        and n in recording.trainable
        and first[n].ndim == 2
        and first[n].numel() >= least
        and bool((first[n] != first[n].flatten()[0]).any())
    ]
    found = []
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            left, right = first[one], first[other]
            if left.shape == right.shape and torch.equal(left, right):
                found.append((one, other, False))
            elif left.shape == right.shape[::-1] and torch.equal(left, right.T) and not _symmetric(left):
                found.append((one, other, True))
    if not found:
        return []
    modules = dict(bench.made().model.named_modules())
    return [pair for pair in found if pair[2] or _kind(modules, pair[0]) != _kind(modules, pair[1])]


def _symmetric(matrix: Tensor) -> bool:
    return matrix.shape[0] == matrix.shape[1] and torch.equal(matrix, matrix.T)


def _kind(modules: dict[str, nn.Module], name: str) -> object:
    return type(modules.get(name.rpartition(".")[0]))
