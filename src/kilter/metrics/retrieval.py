"""Scores of finding the right one among many candidates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Reals, as_reals
from kilter.metrics.intervals import bootstrap_mean, proportion
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed


def ranks(similarity: npt.ArrayLike, own: npt.ArrayLike) -> Reals:
    """The rank (n,) of each row's own candidate, `own` (n,), by similarity (n, candidates); 1 is the best.

    Candidates that are as similar as one's own count half, so that a model that cannot tell any apart has the rank in
    the middle. Not-a-number where a similarity of the row is not finite.

    >>> ranks([[0.9, 0.1, 0.5], [0.2, 0.2, 0.2]], [2, 0]).tolist()
    [2.0, 2.0]

    Raises ValueError for shapes that do not fit each other.
    """
    table, places = np.asarray(similarity), np.asarray(own)
    if table.ndim != 2 or places.shape != table.shape[:1]:
        raise ValueError(
            f"similarities of shape {table.shape} with own candidates of shape {places.shape}: (n, candidates) with"
            " (n,) are legal; pass one row a query."
        )
    right = table[np.arange(len(table)), places][:, None]
    better, alike = (table > right).sum(axis=1), (table == right).sum(axis=1) - 1
    rank: Reals = np.where(np.isfinite(table).all(axis=1), 1 + better + alike / 2, np.nan)
    return rank


def retrieval_scores(
    rank: npt.ArrayLike, *, at: tuple[int, ...] = (1, 10), confidence: float = 0.95, seed: Seed = 0
) -> dict[str, Measure]:
    """`mrr`, the mean of 1 / rank, and `recall_at_k`, the share of ranks (n,) up to k, for each k, with intervals.

    Rows are what is resampled; the candidates stay as they are, and more of them make every score lower.

    >>> scores = retrieval_scores([1.0, 2.0, 40.0, 1.0])
    >>> scores["recall_at_1"].value, scores["recall_at_10"].value, round(scores["mrr"].value, 3)
    (0.5, 0.75, 0.631)

    Raises ValueError for ranks that are not finite or below 1.
    """
    found = as_reals("rank", rank)
    if found.size and found.min() < 1:
        raise ValueError(f"a rank of {found.min():g}: 1, for the best, or more is legal; pass what `ranks` returns.")
    scores = {"mrr": bootstrap_mean(1 / found, confidence=confidence, seed=seed)}
    for k in at:
        scores[f"recall_at_{k}"] = proportion(int((found <= k).sum()), found.size, confidence=confidence)
    return scores
