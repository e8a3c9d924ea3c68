"""What other tools read from one range sweep, written after their documentation; for `learning_rate.py`.

A sweep is one short training whose rate rises exponentially from step to step (Smith 2017, section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from rate_problems import Problem, constant

from kilter.engine.attempt import begin
from kilter.engine.attempt_of_program import ProgramAttempt

LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
"""Of a sweep, as fastai has it."""

Sweep = tuple[np.ndarray, np.ndarray]
"""Rates, and the loss at each."""


def sweep(problem: Problem, seed: int) -> Sweep:
    """Train once over all rates, until the loss is no number or four times its lowest, smoothed."""
    attempt = begin(replace(problem, plan=constant).program(), seed=seed)
    assert isinstance(attempt, ProgramAttempt)
    groups = [group for optimizer in attempt.optimizers for group in optimizer.param_groups]
    ratios = [group["lr"] / groups[0]["lr"] for group in groups]
    rates, losses, best = np.geomspace(LOWEST, HIGHEST, STEPS), [], math.inf
    for rate in rates:
        for group, ratio in zip(groups, ratios, strict=True):
            group["lr"] = rate * ratio
        losses.append(attempt.step())
        smooth = smoothed(losses)[-1]
        best = min(best, smooth)
        if not math.isfinite(smooth) or smooth > 4 * best:
            break
    return rates[: len(losses)], np.array(losses)


def smoothed(losses: Sequence[float] | np.ndarray, weight: float = 0.98) -> np.ndarray:
    """Exponential mean, its start put right."""
    mean, told = 0.0, []
    for place, loss in enumerate(losses, 1):
        mean = weight * mean + (1 - weight) * loss
        told.append(mean / (1 - weight**place))
    return np.array(told)


def lightning(rates: np.ndarray, losses: np.ndarray) -> float:
    """Where the smoothed loss falls most steeply with the rate itself, the first ten steps and the last left out."""
    rates, losses = rates[10:-1], smoothed(losses)[10:-1]
    return float(rates[np.gradient(losses, rates).argmin()])


def torch_lr_finder(rates: np.ndarray, losses: np.ndarray) -> float:
    """Where the loss falls most steeply from step to step, smoothed by a twentieth, without ten first and five last."""
    mean = [losses[0]]
    for loss in losses[1:]:
        mean.append(0.05 * loss + 0.95 * mean[-1])
    return float(rates[10:-5][np.gradient(np.array(mean))[10:-5].argmin()])


def _fastai(rates: np.ndarray, losses: np.ndarray) -> Sweep:
    return rates[STEPS // 10 : -5], smoothed(losses)[STEPS // 10 : -5]


def valley(rates: np.ndarray, losses: np.ndarray) -> float:
    """The middle of the second third of the longest decreasing run of (not adjacent) losses."""
    rates, losses = _fastai(rates, losses)
    length = np.ones(len(losses), dtype=int)
    for end in range(1, len(losses)):
        before = length[:end][losses[:end] > losses[end]]
        length[end] = 1 + (before.max() if len(before) else 0)
    last = int(length.argmax())
    first, third = last - length[last], length[last] / 3
    return float(rates[max(0, first + int(third) + int(third / 2))])


def slide(rates: np.ndarray, losses: np.ndarray, *, apart: int = 15, least: float = 0.05) -> float:
    """From the right, the first two steps so far apart whose slopes are alike; the left one's rate."""
    rates, losses = _fastai(rates, losses)
    slopes = np.gradient(losses)
    right = len(losses) - 1
    while right - apart > 0 and abs(slopes[right] - slopes[right - apart]) > least:
        right -= 1
    return float(rates[max(0, right - apart)])


def minimum(rates: np.ndarray, losses: np.ndarray) -> float:
    """A tenth of the rate with the lowest smoothed loss."""
    rates, losses = _fastai(rates, losses)
    return float(rates[losses.argmin()]) / 10


def steep(rates: np.ndarray, losses: np.ndarray) -> float:
    """Where the smoothed loss falls most steeply with the logarithm of the rate."""
    rates, losses = _fastai(rates, losses)
    return float(rates[(np.diff(losses) / np.diff(np.log(rates))).argmin()])


RULES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "Lightning": lightning,
    "torch-lr-finder": torch_lr_finder,
    "fastai valley": valley,
    "fastai slide": slide,
    "fastai minimum / 10": minimum,
    "fastai steep": steep,
}


def mean_of_sweeps(sweeps: Sequence[Sweep]) -> float:
    """A quarter of the rate with the lowest mean loss of several sweeps, as far as all of them went."""
    reach = min(len(rates) for rates, _ in sweeps)
    means = np.mean([losses[:reach] for _, losses in sweeps], axis=0)
    return float(sweeps[0][0][:reach][np.nanargmin(means)]) / 4
