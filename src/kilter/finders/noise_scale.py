"""The gradient noise scale: where larger batches stop paying."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, final

import torch
from scipy import stats

from kilter.engine.attempt import begin
from kilter.engine.seeding import seed_everything
from kilter.engine.trees import size
from kilter.values.batch_suggestion import Budget, NoiseScale
from kilter.values.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.attempt import Attempt
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program

GRADIENTS: Final = 32
"""Gradients that it is told from; with fewer than a quarter of them it is not told at all."""

EXAMPLES: Final = 4096
"""Examples of all these gradients together where batches are large; a quarter of the gradients is taken in any case."""

FIRST: Final = 50
"""Steps of training before it is measured, a twentieth of the training at most: in the very first steps the gradient is
large and the scale small, which says little about the rest."""

KEPT: Final = 2**27
"""Numbers of gradients that are kept in memory, half a gibibyte; others are computed a second time."""


def measure_noise(nursery: Nursery, budget: Budget, *, batch: int | None = None, seed: int = 0) -> NoiseScale | None:
    """The gradient noise scale of a training a little after its start, with an interval; it grows later on.

    None where it cannot be measured: there are too few examples, a gradient is not finite or cannot be heard, memory
    ends it, or the person's code does not bear smaller batches than its own.

    Args:
        nursery: where the subject is tried.
        budget: what the training may take, in a process that holds what this one does.
        batch: examples a batch, where the training's own do not fit.
        seed: of weights, order and what the examples are drawn with.
    """
    try:
        ended = nursery.call(
            measured,
            doing="measuring the noise of gradients",
            limit=budget.bytes - nursery.beyond(budget.counts),
            counts=budget.counts,
            batch=batch,
            seed=seed,
        )
    except (TrainingError, UsageError):
        return None
    return None if ended.answer is None else NoiseScale(**ended.answer)


def measured(subject: Pipeline | Program, *, batch: int | None, seed: int) -> dict[str, Any] | None:
    """The fields of a noise scale, or None, from a training that is spoilt.

    Raises:
        UsageError: a gradient cannot be heard.
    """
    attempt = begin(subject, seed=seed, batch=batch)
    after = FIRST if attempt.total is None else min(FIRST, attempt.total // 20)
    for _ in range(after):
        attempt.step()
    batches = _of_one_size(attempt.drawn(GRADIENTS))
    if len(batches) < GRADIENTS // 4:
        return None
    gradients = _Gradients(attempt, batches, seed)
    found = noise_scale(gradients, count=len(batches), examples=size(batches[0]) or 1, after=after)
    return None if found is None else asdict(found)


def noise_scale(
    gradient: Callable[[int], Tensor], *, count: int, examples: int, after: int, confidence: float = 0.95
) -> NoiseScale | None:
    """The scale from gradients of as many batches of one size; none of them is kept.

    The trace of the covariance over the squared length of the gradient, both without bias from batches of one size and
    the batch of them all (McCandlish et al. 2018, appendix A.1); the interval is that of the jackknife for the
    reciprocal, which is finite where the gradient drowns in noise (Efron and Tibshirani 1993, chapter 11).

    Args:
        gradient: that of a batch by its number; asked for each number twice.
        count: batches.
        examples: of a batch.
        after: training steps before.
        confidence: of the interval.
    """
    total, squares = None, []
    for place in range(count):
        each = gradient(place)
        squares.append(_square(each))
        total = each.clone() if total is None else total.add_(each)
    if total is None or not math.isfinite(sum(squares)):
        return None
    products = [float(torch.dot(gradient(place), total)) for place in range(count)]
    whole = _square(total)
    told = _signal(count, whole, sum(squares))
    if told is None:
        return NoiseScale(examples=0.0, low=0.0, high=0.0, batches=count, after=after)
    left_out = [
        _signal(count - 1, whole - 2 * product + square, sum(squares) - square)
        for square, product in zip(squares, products, strict=True)
    ]
    others = torch.tensor([each for each in left_out if each is not None], dtype=torch.float64)
    error = math.sqrt((count - 1) / count * float((others - others.mean()).square().sum()))
    reach = float(stats.t.ppf(0.5 + confidence / 2, count - 1)) * error
    low, high = (math.inf if signal <= 0 else examples / signal for signal in (told + reach, told - reach))
    return NoiseScale(
        examples=examples / told if told > 0 else None,
        low=low if math.isfinite(low) else 0.0,
        high=high if math.isfinite(high) else None,
        batches=count,
        after=after,
    )


def _signal(count: int, whole: float, squares: float) -> float | None:
    """Squared length of the gradient over the variance of a batch's gradient, from sums; None without any variance.

    Args:
        count: gradients.
        whole: squared length of their sum.
        squares: sum of their squared lengths.
    """
    length = (whole - squares) / (count * (count - 1))
    variance = squares / count - length
    return length / variance if variance > 1e-9 * squares / count else None


def _square(vector: Tensor) -> float:
    return float(torch.linalg.vector_norm(vector, dtype=torch.float64)) ** 2


def _of_one_size(batches: Sequence[Any]) -> tuple[Any, ...]:
    """The batches that have as many examples as the largest; so many that they are no endless work."""
    sizes = [size(batch) or 0 for batch in batches]
    full = [batch for batch, each in zip(batches, sizes, strict=True) if each == max(sizes)]
    return tuple(full[: max(GRADIENTS // 4, EXAMPLES // max(1, *sizes))])


@final
class _Gradients:
    """Gradients by the number of their batch: kept as far as there is room, else computed as the first time."""

    def __init__(self, attempt: Attempt, batches: Sequence[Any], seed: int) -> None:
        self._attempt, self._batches, self._seed = attempt, batches, seed
        self._kept: dict[int, Tensor] = {}
        self._room = KEPT

    def __call__(self, place: int) -> Tensor:
        if place in self._kept:
            return self._kept[place]
        seed_everything(self._seed + place)  # what is dropped out is the same the second time
        gradient = self._attempt.gradient(self._batches[place])
        if gradient.numel() <= self._room:
            self._room -= gradient.numel()
            self._kept[place] = gradient
        return gradient
