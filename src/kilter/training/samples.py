"""The same few validation examples at each evaluation, with what was said of them: numbers do not show everything."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.values.sample import Sample
from kilter.values.task import Form
from kilter.values.words import Told, confidence, in_words, shortened, told

if TYPE_CHECKING:
    from kilter.values.predictions import Predictions
    from kilter.values.source import Source
    from kilter.values.task import Task

LOOKED_AT: Final = 32
"""Times as many examples as are shown, among which those with different targets are looked for."""


def shown(predictions: Predictions, task: Task, source: Source, *, most: int) -> tuple[Sample, ...]:
    """A handful of examples with their answers, taken from predictions that were made anyway.

    Which ones it is follows from their number and their targets alone, so that it is the same at each evaluation and in
    each run on the same split.

    Args:
        predictions: of the whole source.
        task: how targets are read.
        source: where the inputs stand.
        most: how many.
    """
    return tuple(_sample(predictions, task, source, row) for row in chosen(predictions, most))


def chosen(predictions: Predictions, most: int) -> tuple[int, ...]:
    """So many rows, in their order, of as many different targets as a quick look finds."""
    count = len(predictions)
    looked_at = np.random.default_rng(0).choice(count, min(count, LOOKED_AT * most), replace=False).tolist()
    first: dict[Hashable, int] = {}
    for row in looked_at:
        first.setdefault(np.asarray(predictions.target[row]).tobytes(), row)
    leading = list(first.values())
    others = [row for row in looked_at if row not in set(leading)]
    return tuple(sorted([*leading, *others][:most]))


def _sample(predictions: Predictions, task: Task, source: Source, row: int) -> Sample:
    name = predictions.ids[row]
    at = row if row < len(source) and source.ids[row] == name else list(source.ids).index(name)
    target, decided = _told(predictions, task, row, source)
    return Sample(
        id=name,
        inputs=in_words(source.example(at).inputs),
        target=shortened(target),
        decided=shortened(decided),
        cost=float(predictions.cost[row]),
        confidence=confidence(predictions, row),
    )


def _told(predictions: Predictions, task: Task, row: int, source: Source) -> Told:
    """What was true and decided; of a text the likeliest token in each place, since none was written for evaluation."""
    said, answer = told(predictions, task, row, source), np.asarray(predictions.answer[row])
    if task.form is Form.TEXT and not said.decided and answer.ndim == 2:
        return said._replace(decided=task.name_of(answer[:, 1].astype(np.int64)))
    return said
