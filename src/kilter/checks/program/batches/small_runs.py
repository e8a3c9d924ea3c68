"""Some steps of a program on batches that were changed, and how good it then is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.batches.given import given
from kilter.checks.program.predicted import quality
from kilter.engine.programs import batches, train_step
from kilter.engine.seeding import left_as_found, seed_everything

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench

STEPS: Final = 120
"""Steps of a small run at most."""

JUDGED: Final = 512
"""Rows that it is judged on at most."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SmallRun:
    """What some steps came to.

    Attributes:
        steps: how many there were.
        planned: steps of the whole training, as far as is known.
        quality: on training rows afterwards, as `predicted.quality` has it; None where nothing says it.
        error: mean square of target less prediction, over the targets' mean square about their mean; before and after.
        rows: that were judged.
    """

    steps: int
    planned: int
    quality: float | None
    error: tuple[float, float]
    rows: int


def small_run(bench: Bench, name: str, change: Callable[[Any], Any]) -> SmallRun:
    """The program's first steps on changed batches; the same name is run once."""
    return bench.once(("small run", name), lambda: _small_run(bench, change))


def _small_run(bench: Bench, change: Callable[[Any], Any]) -> SmallRun:
    read = given(bench).train
    planned = max(1, len(read.batches)) * (bench.program.epochs or 1)
    most = min(STEPS, planned) if bench.program.epochs else STEPS
    with left_as_found():
        made = bench.made()
        seed_everything(bench.seed)
        shown = [change(batch) for batch in read.batches[:16]]
        _, before, _ = _judged(bench, made, shown)
        steps = 0
        with persons_code("A training step on changed batches"):
            for _, batch in batches(bench.program, made, most):
                train_step(bench.program, made, change(batch))
                steps += 1
        worth, after, rows = _judged(bench, made, shown)
    return SmallRun(steps=steps, planned=planned, quality=worth, error=(before, after), rows=rows)


def _judged(bench: Bench, made: Any, shown: list[Any]) -> tuple[float | None, float, int]:
    said, truth = [], []
    rows = 0
    for batch in shown:
        pair = bench.predicted(made, batch)
        if pair is None or not pair.given.ndim:
            return None, float("nan"), 0
        said.append(pair.given)
        truth.append(pair.target)
        rows += len(pair.given)
        if rows >= JUDGED:
            break
    if len({t.shape[1:] for t in said}) != 1 or len({t.shape[1:] for t in truth}) != 1:
        return None, float("nan"), 0
    left, right = torch.cat(said).double(), torch.cat(truth)
    error = float("nan")
    if left.numel() == right.numel():
        goal = right.double().reshape(left.shape)
        error = float(((left - goal) ** 2).mean() / ((goal - goal.mean(0)) ** 2).mean().clamp(min=1e-30))
    return quality(bench.program, left, right), error, rows
