"""Simple models of several targets at once: one for each label, or for each task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kilter.models.estimators import Fit, Problem, Rows
from kilter.models.features import Codes, Features
from kilter.models.lesson import Lesson, weights_of
from kilter.values.errors import UsageError
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
class EachLabel:
    """The probability of each label, by an estimator of its own over features that all of them share.

    Targets are 0 and 1 (n, labels), not-a-number where unknown. A label that all known training rows have, or none,
    keeps its share of them, and so do all labels where there is no estimator.
    """

    def __init__(self, schema: Schema, classes: int, seed: int, *, fit: Fit | None = None, codes: bool = False) -> None:
        self._schema = schema
        self._seed = seed
        self._fit = fit
        self._features: Features | Codes = Codes(schema) if codes else Features(schema)
        self._answers: list[float | Any] = []

    def fit(self, lesson: Lesson) -> None:
        """Fit the estimators.

        Raises:
            UsageError: targets are not one column a label.
        """
        train, targets, valid, valid_targets = lesson
        if targets.ndim != 2:
            raise UsageError(
                f"targets of shape {targets.shape} for a baseline of several labels",
                legal="one column a label",
                remedy="name a baseline of one target: majority, linear, boosted",
            )
        weights = weights_of(train, self._schema)
        given = self._features.fit(train).transform(train) if self._fit is not None else np.zeros((len(train), 0))
        held = None
        if self._fit is not None and valid is not None and valid_targets is not None and len(valid):
            held = self._features.transform(valid), valid_targets, weights_of(valid, self._schema)
        self._answers = []
        for label in range(targets.shape[1]):
            rows = _known(given, targets, weights, label)
            share = float(rows.weights[rows.targets == 1].sum() / rows.weights.sum()) if len(rows.targets) else 0.0
            if self._fit is None or share in {0.0, 1.0}:
                self._answers.append(share)
                continue
            chosen = None if held is None else _known(*held, label)
            problem = Problem(
                train=rows,
                held=chosen if chosen is not None and len(chosen.targets) else None,
                classes=True,
                seed=self._seed,
                codes=self._features.codes,
            )
            self._answers.append(self._fit(problem))

    def answer(self, table: Table) -> NDArray[np.float64]:
        """(n, labels) probabilities."""
        given = self._features.transform(table) if any(not isinstance(a, float) for a in self._answers) else None
        columns = [
            np.full(len(table), answer) if isinstance(answer, float) else answer.predict_proba(given)[:, 1]
            for answer in self._answers
        ]
        return np.stack(columns, axis=1)


@final
class EachTask:
    """A simple model for each column of a record, classes or amounts by what the column holds, and their answers.

    Targets are class indices and amounts (n, tasks), not-a-number where missing; each model learns from the rows that
    have its target.
    """

    def __init__(self, schema: Schema, classes: int, seed: int, *, make: Callable[[Schema, int, int], Any]) -> None:
        self._schema = schema
        self._seed = seed
        self._make = make
        self._models: list[Any] = []

    def fit(self, lesson: Lesson) -> None:
        """Fit the models.

        Raises:
            UsageError: targets are not one column a task.
        """
        train, targets, valid, valid_targets = lesson
        if targets.ndim != 2 or targets.shape[1] != len(self._schema.joined):
            raise UsageError(
                f"targets of shape {targets.shape} for a baseline of {len(self._schema.joined)} tasks",
                legal="one column a task",
                remedy="name a baseline of one target: majority, mean, linear, ridge",
            )
        self._models = []
        for at, field in enumerate(self._schema.joined):
            kind = np.float64 if field.kind is Kind.NUMBER else np.int64
            own, column = _there(train, targets[:, at], kind)
            held = None if valid is None or valid_targets is None else _there(valid, valid_targets[:, at], kind)
            classes = 0 if field.kind is Kind.NUMBER else int(column.max()) + 1
            model = self._make(self._schema, classes, self._seed)
            model.fit(Lesson(own, column, *(held or ())))
            self._models.append(model)

    def answer(self, table: Table) -> NDArray[np.float64]:
        """(n, answers): probabilities and amounts of one task after the other."""
        return np.concatenate([model.answer(table).reshape(len(table), -1) for model in self._models], axis=1)


def _there(table: Table, targets: NDArray[np.generic], kind: type[np.generic]) -> tuple[Table, NDArray[np.generic]]:
    """The rows that have a target, and the target."""
    column = targets.astype(np.float64)
    rows = np.flatnonzero(~np.isnan(column))
    return table.take(rows), column[rows].astype(kind)


def _known(given: Any, targets: NDArray[np.generic], weights: NDArray[np.float64], label: int) -> Rows:
    """The rows of one label where it is known and that count for something."""
    column = targets[:, label].astype(np.float64)
    rows = np.flatnonzero(~np.isnan(column) & (weights > 0))
    return Rows(given=given[rows], targets=column[rows].astype(np.int64), weights=weights[rows])
