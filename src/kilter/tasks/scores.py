"""Measures of the metrics floor as the scores of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kilter.values.errors import Fault, TrainingError
from kilter.values.evaluation import Score

if TYPE_CHECKING:
    from kilter.metrics.measure import Measure
    from kilter.values.predictions import Predictions

MOST_FAULTS = 20


def as_score(name: str, measure: Measure, *, larger_is_better: bool = True) -> Score:
    """A measure under its name."""
    return Score(
        name=name,
        value=measure.value,
        low=measure.low,
        high=measure.high,
        n=measure.n,
        larger_is_better=larger_is_better,
        confidence=measure.confidence,
        undefined=measure.undefined,
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
    if finite.all():
        return
    wrong = np.flatnonzero(~finite)
    more = f" (the first {MOST_FAULTS} follow)" if len(wrong) > MOST_FAULTS else ""
    raise TrainingError(
        f"{len(wrong)} of {len(predictions)} answers are not finite{more}",
        legal="scores are of finite answers",
        remedy="look at the training's curves, and at layers that do otherwise in evaluation mode",
        faults=[Fault(where=predictions.ids[row], met="the answer is not finite") for row in wrong[:MOST_FAULTS]],
    )
