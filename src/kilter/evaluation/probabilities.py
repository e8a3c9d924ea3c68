"""Which predictions are decided by probabilities, and how: the likeliest class, or label by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kilter.metrics.coverage import caution
from kilter.metrics.inputs import ROW_SUM_TOLERANCE
from kilter.values.predictions import Predictions
from kilter.values.score import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.metrics.measure import Measure


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One class or label against all else, on the m examples of which it is known.

    Attributes:
        positive: whether each example is of it, (m,).
        score: its probability, (m,).
        decided: whether it was decided, (m,).
    """

    positive: NDArray[np.bool_]
    score: NDArray[np.float64]
    decided: NDArray[np.bool_]


def class_probabilities(predictions: Predictions) -> NDArray[np.float64] | None:
    """The probabilities (n, k) by which one of k classes is decided; None where answers are none, or there are none."""
    answer, target = predictions.answer, predictions.target
    if answer.ndim != 2 or answer.dtype.kind != "f" or target.ndim != 1 or target.dtype.kind not in "iu":
        return None
    if not len(answer) or answer.shape[1] < 2:
        return None
    given = answer.astype(np.float64, copy=False)
    if not _are_shares(given) or float(np.abs(given.sum(axis=1) - 1).max()) > ROW_SUM_TOLERANCE:
        return None
    return given


def cut_columns(predictions: Predictions, labels: Sequence[str]) -> tuple[int, ...]:
    """What a threshold decides: of two classes the rarer one, and each of several labels that exclude nothing."""
    answer, target = predictions.answer, predictions.target
    if len(labels) == 2 and class_probabilities(predictions) is not None and answer.shape[1] == 2:
        return (0,) if np.count_nonzero(target == 0) < np.count_nonzero(target == 1) else (1,)
    if not labels or target.ndim != 2 or not len(target) or target.shape != answer.shape:
        return ()
    known = target[~_unknown(target)]
    several = target.shape[1] == len(labels) and bool(((known == 0) | (known == 1)).all())
    return tuple(range(len(labels))) if several and _are_shares(answer) else ()


def column(predictions: Predictions, at: int) -> Column:
    """The class or label of that number, on the examples of which it is known."""
    target, answer, decided = predictions.target, predictions.answer, predictions.decided
    score = answer[:, at].astype(np.float64)
    if target.ndim == 1:
        return Column(positive=target == at, score=score, decided=decided == at)
    known = ~_unknown(target[:, at])
    return Column(positive=target[known, at] == 1, score=score[known], decided=decided[known, at] == 1)


def as_score(name: str, measure: Measure, *, larger_is_better: bool = True) -> Score:
    """A measure under its name, with a caution where simulations have shown that such an interval does not hold."""
    return Score.of(
        name,
        measure,
        larger_is_better=larger_is_better,
        undefined=measure.undefined,
        reading=measure.reading,
        caution=caution(name, measure),
    )


def _are_shares(given: NDArray[Any]) -> bool:
    return given.dtype.kind == "f" and bool(given.min() >= 0 and given.max() <= 1)


def _unknown(target: NDArray[Any]) -> NDArray[np.bool_]:
    missing: NDArray[np.bool_] = np.isnan(target.astype(np.float64))
    return missing
