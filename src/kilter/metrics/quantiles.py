"""Scores of predicted quantiles of an amount: how costly they are, and how often they hold it between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_reals
from kilter.metrics.intervals import bootstrap_mean, proportion
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed

CROSSED = 1e-12  # relative; rounding may swap quantiles that are the same


def quantile_scores(
    target: npt.ArrayLike,
    predicted: npt.ArrayLike,
    levels: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> dict[str, Measure]:
    """Scores of quantiles (n, q) that were predicted for targets (n,), at q rising levels, each with its interval.

    `pinball` is the mean over examples and levels of the quantile loss (Koenker and Bassett 1978, Regression
    quantiles), in the target's unit; with more than one level `pinball_0.1` is that of a single one. For each two
    levels that lie evenly about one half, such as .05 and .95, `within_90` is the share of targets between their
    quantiles, bounds included, which should be 90 %, and `width_90` the mean distance of the two. `crossed` is the
    share of examples whose quantiles do not rise.

    >>> scores = quantile_scores([1.0, 2.0, 9.0], [[0.0, 2.0, 4.0]] * 3, (0.1, 0.5, 0.9))
    >>> scores["within_80"].value, scores["width_80"].value, round(scores["pinball_0.5"].value, 3)
    (0.6666666666666666, 4.0, 1.333)

    Raises ValueError for levels that do not rise between 0 and 1, for quantiles that are not of shape (n, q), and for
    numbers that are not finite.
    """
    true = as_reals("target", target)
    table = np.asarray(predicted)
    steps = np.asarray(levels, dtype=np.float64)
    if steps.ndim != 1 or not steps.size or not (steps[0] > 0 and steps[-1] < 1 and (np.diff(steps) > 0).all()):
        raise ValueError(f"levels = {tuple(levels)!r}: rising ones between 0 and 1 are legal; pass (0.05, 0.5, 0.95).")
    if table.shape != (true.size, steps.size):
        raise ValueError(
            f"predicted has shape {table.shape}: (examples, levels) = {(true.size, steps.size)} is legal;"
            " pass one row an example and one column a level."
        )
    quantiles = as_reals("predicted", table.reshape(-1)).reshape(table.shape)
    loss = pinball(true, quantiles, steps)

    def mean(values: Reals) -> Measure:
        return bootstrap_mean(values, confidence=confidence, resamples=resamples, seed=seed)

    scores = {"pinball": mean(loss.mean(axis=1))}
    if steps.size > 1:
        scores |= {f"pinball_{level:g}": mean(loss[:, at]) for at, level in enumerate(steps.tolist())}
    for percent, below, above in central(levels):
        low, high = quantiles[:, below], quantiles[:, above]
        inside = int(np.count_nonzero((low <= true) & (true <= high)))
        scores[f"within_{percent}"] = proportion(inside, true.size, confidence=confidence)
        scores[f"width_{percent}"] = mean(high - low)
    if steps.size > 1:
        slack = CROSSED * np.abs(quantiles).max(axis=1, initial=0.0)
        crossed = (np.diff(quantiles, axis=1) < -slack[:, None]).any(axis=1)
        scores["crossed"] = proportion(int(np.count_nonzero(crossed)), true.size, confidence=confidence)
    return scores


def central(levels: Sequence[float]) -> tuple[tuple[str, int, int], ...]:
    """Each two levels that lie evenly about one half, the outermost first: per cent between them, and their places.

    >>> central((0.05, 0.25, 0.5, 0.95))
    (('90', 0, 3),)
    """
    steps = np.asarray(levels, dtype=np.float64)
    found = []
    for at, level in enumerate(steps.tolist()):
        opposite = np.flatnonzero(np.isclose(steps, 1 - level))
        if level < 0.5 and opposite.size:
            found.append((f"{100 * (1 - 2 * level):g}", at, int(opposite[0])))
    return tuple(found)


def pinball(true: Reals, quantiles: Reals, levels: Reals) -> Reals:
    """The quantile loss (n, q) of quantiles (n, q): what lies above costs the level, what lies below the rest to 1."""
    above = true[:, None] - quantiles
    loss: Reals = np.maximum(levels * above, (levels - 1) * above)
    return loss
