"""Measures of the metrics floor as the scores of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kilter.metrics.coverage import caution
from kilter.tasks.targets import MOST_FAULTS, first_of
from kilter.values.errors import Fault, TrainingError
from kilter.values.score import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.metrics.measure import Measure
    from kilter.values.predictions import Predictions


def as_score(name: str, measure: Measure, *, larger_is_better: bool = True, meant: float | None = None) -> Score:
    """A measure under its name, with a caution where simulations have shown that such an interval does not hold."""
    return Score.of(
        name,
        measure,
        larger_is_better=larger_is_better,
        undefined=measure.undefined,
        reading=measure.reading,
        caution=caution(name, measure),
        meant=meant,
    )


def refuse_unscorable(predictions: Predictions) -> None:
    """Make sure that every answer is a finite number, as scores need them.

    Raises:
        TrainingError: some are not, with the ids of their examples.
    """
    answers = predictions.answer
    if answers.dtype == object:  # sequences
        finite = np.array([np.isfinite(np.asarray(each, np.float64)).all() for each in answers], dtype=np.bool_)
    else:
        finite = np.asarray(np.isfinite(answers.astype(np.float64)).all(axis=tuple(range(1, answers.ndim))))
    refuse_infinite(predictions, finite, met="answers are not finite", each="the answer is not finite")


def refuse_infinite(predictions: Predictions, finite: NDArray[np.bool_], *, met: str, each: str) -> None:
    """Make sure that all rows (n,) are finite; else say what was `met`, of all and of `each`.

    Raises:
        TrainingError: some are not, with the ids of their examples.
    """
    wrong = np.flatnonzero(~finite)
    if len(wrong):
        raise TrainingError(
            f"{len(wrong)} of {len(predictions)} {met}{first_of(len(wrong))}",
            legal="scores are of finite answers",
            remedy="look at the training's curves, and at layers that do otherwise in evaluation mode",
            faults=[Fault(where=predictions.ids[row], met=each) for row in wrong[:MOST_FAULTS]],
        )
