"""Where a parameter's values come from: drawn anew for each seed without any order in them, or learnt before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from kilter.checks.program.bench import Bench
from kilter.values.program import Program
from kilter.values.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

SHUFFLES: Final = 16
"""Shuffled copies that a matrix is compared with."""

OUTSIDE: Final = 4.0
"""Standard deviations by which learnt matrices stand out of their shuffled copies."""

SIDE: Final = 256
"""Rows and columns of a matrix that are looked at, at most."""


LEAST: Final = 8
"""Numbers that a matrix holds before it counts as a copy of another one."""


def drawn_at_random(bench: Bench, names: Iterable[str]) -> frozenset[str]:
    """Of these parameters, those that are drawn anew for each seed and show no order.

    A matrix shows order if its largest singular value stands out of those of the same numbers shuffled. Vectors go
    with the matrix of their module; without one, they are random where they differ from seed to seed.
    """
    names = tuple(names)
    here, there = (dict(bench.made(seed).model.named_parameters()) for seed in (bench.seed, bench.seed + 1))
    found: set[str] = set()
    for name in names:
        mine, other = here.get(name), there.get(name)
        if mine is None or other is None or mine.shape != other.shape:
            continue
        beside = [n for n in here if module_of(n) == module_of(name) and here[n].ndim > 1 and n in there]
        judged = [name] if mine.ndim > 1 else beside or [name]
        if all(_differ(here[n], there[n]) for n in judged) and not any(has_order(here[n]) for n in judged):
            found.add(name)
    return frozenset(found)


def has_order(parameter: Tensor) -> bool:
    """Whether a matrix is more than independent numbers: its largest singular value stands out."""
    if parameter.ndim < 2 or parameter.numel() < 16:
        return False
    matrix = parameter.detach().double().flatten(1)
    if min(matrix.shape) < 2:
        return False
    matrix = matrix[:SIDE, :SIDE]
    matrix = matrix[matrix.abs().sum(1) > 0]  # the row of the padding is zero by nature
    if len(matrix) < 2:
        return False
    generator = torch.Generator().manual_seed(0)
    largest = []
    for _ in range(SHUFFLES):
        order = torch.randperm(matrix.numel(), generator=generator)
        largest.append(_largest(matrix.flatten()[order].view_as(matrix)))
    values = torch.tensor(largest, dtype=torch.float64)
    return _largest(matrix) > float(values.mean() + OUTSIDE * values.std() + 1e-12 * values.mean())


def copies(recording: Recording) -> frozenset[str]:
    """Parameters of modules that began as a copy of another one, number by number: targets, averages, teachers."""
    first = recording.steps[0].before if recording.steps else {}
    matrices = [n for n in recording.names if n in first and first[n].ndim > 1 and first[n].numel() >= LEAST]
    twins = {
        module_of(name)
        for at, one in enumerate(matrices)
        for other in matrices[at + 1 :]
        if first[one].shape == first[other].shape and torch.equal(first[one], first[other])
        for name in (one, other)
    }
    return frozenset(name for name in recording.names if module_of(name) in twins)


def declared(program: Program, name: str) -> bool:
    """Whether the person said that a parameter is meant not to learn, or has learnt before."""
    return any(
        said is True or (isinstance(said, tuple) and name.startswith(said))
        for said in (program.frozen, program.pretrained)
    )


def module_of(name: str) -> str:
    """The module that a parameter stands in."""
    return name.rpartition(".")[0]


def _differ(mine: Tensor, other: Tensor) -> bool:
    return not torch.equal(mine.detach(), other.detach())


def _largest(matrix: Tensor) -> float:
    return float(torch.linalg.matrix_norm(matrix, 2))
