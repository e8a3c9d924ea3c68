"""Learning one batch by heart: how it went, and whether it got there."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, final

import numpy as np
import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.preflight.bench import FEWEST, PLACES, Bench, Made
from kilter.checks.preflight.places import longest
from kilter.engine.seeding import seed_everything

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.batch import Batch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What counts as learnt: a loss at most `learnt`, every decision right, or a fall so steep that it will be.

    Attributes:
        learnt: the loss at which the batch is known by heart.
        seconds: how long a try may take.
        wrong: decisions that nobody can get right.
    """

    learnt: float
    seconds: float
    wrong: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """A try to learn a batch by heart.

    Attributes:
        losses: of each step, in training mode.
        norms: of each step's gradient, before clipping.
        evaluated: the last loss in evaluation mode.
        right: whether every decision was right at the end.
        learnt: whether it got there.
        out_of_time: whether the clock ended it.
    """

    losses: tuple[float, ...]
    norms: tuple[float, ...]
    evaluated: float
    right: bool
    learnt: bool
    out_of_time: bool = False

    @property
    def end(self) -> float:
        """The lower of the recent loss in training mode and the last one in evaluation mode."""
        recent = sum(self.losses[-5:]) / len(self.losses[-5:])
        if math.isfinite(recent) and math.isfinite(self.evaluated):
            return min(recent, self.evaluated)
        return recent if math.isfinite(recent) else self.evaluated

    @property
    def lowest(self) -> float:
        """The lowest loss of a step."""
        return min((loss for loss in self.losses if math.isfinite(loss)), default=math.nan)

    @property
    def usual_norm(self) -> float:
        """The median norm of the gradients before clipping."""
        return float(np.median(self.norms))

    @property
    def rose(self) -> bool:
        """Whether a step's loss was far above the first one, or no number: steps were too long."""
        return not max(self.losses) < 1.5 * abs(self.losses[0]) + 1e-6

    def still_falling(self, scale: float) -> bool:
        """Whether the last third brought at least a twentieth of `scale`, beyond the noise of the steps."""
        third = len(self.losses) // 3
        before, after = np.array(self.losses[third : 2 * third]), np.array(self.losses[2 * third :])
        if third < 3 or not (np.isfinite(before).all() and np.isfinite(after).all()):
            return False
        noise = math.sqrt(before.var() / len(before) + after.var() / len(after))
        return float(before.mean() - after.mean()) > max(0.05 * scale, 2 * noise)


def learn(
    bench: Bench,
    batch: Batch,
    bar: Bar,
    *,
    steps: int,
    make: Callable[[], Made] | None = None,
    rate: float | None = None,
    clip_norm: float | None = math.nan,
    evaluation_mode: bool = False,
    look_every: int = 10,
) -> Learning:
    """Train a fresh model on one batch again and again, until it is known by heart or the steps are used up.

    Args:
        bench: the pipeline.
        batch: what is to be learnt.
        bar: when it is.
        steps: the most steps.
        make: model and optimizer; by default those of the run.
        rate: the learning rate; by default the recipe's full one.
        clip_norm: by default the recipe's.
        evaluation_mode: whether to train without dropout and with the normalisations' running statistics.
        look_every: steps between two looks at the decisions.
    """
    model, optimizer = (make or bench.made)()
    if evaluation_mode:
        model.eval()
    seed_everything(bench.seed)
    losses: list[float] = []
    norms: list[float] = []
    evaluated, right, learnt, late = math.nan, False, False, False
    began = math.inf  # the first step also pays for what is loaded and compiled
    for number in range(1, steps + 1):
        result = bench.step(model, optimizer, batch, rate=rate, clip_norm=clip_norm)
        losses.append(result.loss)
        norms.append(result.gradient_norm)
        began = min(began, time.perf_counter())
        late = time.perf_counter() - began > bar.seconds
        if number % look_every == 0 or number == steps or late:
            outputs = bench.evaluated(model, batch)
            evaluated = bench.mean_loss(outputs, batch)
            right = decided_rightly(bench, outputs, batch, wrong=bar.wrong)
            recent = losses[-5:]
            learnt = right or min(evaluated, sum(recent) / len(recent)) <= bar.learnt
            if learnt or late or not all(map(math.isfinite, recent)):
                break
    return Learning(
        losses=tuple(losses),
        norms=tuple(norms),
        evaluated=evaluated,
        right=right,
        learnt=learnt,
        out_of_time=late and not learnt,
    )


def decided_rightly(bench: Bench, outputs: object, batch: Batch, *, wrong: int = 0) -> bool:
    """Whether every decision on a batch is its target, but for so many; amounts are hardly ever met exactly."""
    task, source = bench.pipeline.task, bench.pipeline.splits["train"]
    places = {name: row for row, name in enumerate(source.ids)}
    targets = source.targets[[places[name] for name in batch.ids]]
    with torch.no_grad(), persons_code("The task's decoding"):
        answers = task.decode(outputs, batch)  # type: ignore[arg-type]
        predictions = task.tabulate(batch.ids, targets, answers)
    judged = zip(predictions.decided, predictions.target, strict=True)  # its own targets: shares have become classes
    return sum(_differing(np.asarray(a), np.asarray(b)) for a, b in judged) <= wrong


def _differing(decided: NDArray[np.generic], target: NDArray[np.generic]) -> int:
    """Places of a decision that are not those of its target, where that is known."""
    if decided.shape != target.shape:
        return max(decided.size, target.size, 1)
    known = ~np.isnan(target) if target.dtype.kind == "f" else np.ones(target.shape, dtype=bool)
    return int(np.count_nonzero((decided != target) & known))


def rows_to_learn(bench: Bench, examples: int) -> list[int]:
    """Training rows whose inputs and targets differ, taken in turns from the targets; in the run's order.

    Rows with the inputs of another one cannot be told apart, so that the batch is learnable.
    """
    source = bench.pipeline.splits["train"]
    with persons_code("Making a training batch"):
        order = list(islice(chain.from_iterable(source.plan(seed=bench.seed, epoch=0)), 400))
        targets = [_key(source.targets[row]) for row in order]
    by_target: dict[object, list[int]] = {}
    for row, target in zip(order, targets, strict=True):
        by_target.setdefault(target, []).append(row)
    turns = [
        row for turn in range(len(order)) for rows in by_target.values() if turn < len(rows) for row in [rows[turn]]
    ]
    candidates = turns[: 4 * examples]
    batch = bench.batch(candidates)
    most = min(examples, max(FEWEST, PLACES // longest(batch)))
    seen: set[tuple[bytes, ...]] = set()
    chosen: list[int] = []
    for place, row in enumerate(candidates):
        key = tuple(tensor[place].cpu().numpy().tobytes() for tensor in batch.inputs.values())
        if key not in seen:
            seen.add(key)
            chosen.append(row)
    return chosen[:most]


def constant_targets(bench: Bench, rows: Sequence[int]) -> bool:
    """Whether these rows all have one target, so that there is nothing to tell apart."""
    return len({_key(bench.pipeline.splits["train"].targets[row]) for row in rows}) < 2


def _key(target: object) -> object:
    array: NDArray[np.generic] = np.asarray(target)
    return array.tobytes() if array.dtype != object else repr(target)
