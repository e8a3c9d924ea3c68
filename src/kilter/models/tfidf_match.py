"""Matching without learning: no preference at all, and texts belonging together that share rare words."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np
from scipy import sparse

from kilter.models.lesson import Lesson
from kilter.models.tfidf import Tfidf
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
class NoPreference:
    """All target texts are as similar: what a model gets that cannot tell them apart."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._target = schema.target

    def fit(self, lesson: Lesson) -> None:
        """Nothing is learnt."""

    def answer(self, table: Table) -> NDArray[np.float64]:
        """Similarities (n, distinct targets) of 0."""
        return np.zeros((len(table), len(set(_texts(table, self._target)))))


@final
class TfidfMatch:
    """The cosine of the TF-IDF features of a row's input texts with those of each distinct target text.

    How rare a word is, the training split's inputs and targets tell.
    """

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._schema = schema
        self._features = Tfidf()

    def fit(self, lesson: Lesson) -> None:
        """Count words."""
        self._features.fit([*self._inputs(lesson.train), *_texts(lesson.train, self._schema.target)])

    def answer(self, table: Table) -> NDArray[np.float64]:
        """Similarities (n, distinct targets), these in the order in which they first occur."""
        candidates = list(dict.fromkeys(_texts(table, self._schema.target)))
        left = self._features.transform(self._inputs(table))
        right = self._features.transform(candidates)
        cosines: NDArray[np.float64] = (_unit(left) @ _unit(right).T).toarray()
        return cosines

    def _inputs(self, table: Table) -> list[str]:
        columns = [_texts(table, name) for name in self._schema.of_kind(Kind.TEXT, Kind.TOKENS)]
        return [" ".join(cells) for cells in zip(*columns, strict=True)]


def _texts(table: Table, name: str) -> list[str]:
    return [
        "" if value is None else " ".join(value) if isinstance(value, tuple) else str(value)
        for value in table.columns[name].tolist()
    ]


def _unit(rows: sparse.spmatrix) -> sparse.spmatrix:
    """Rows of length 1; those without any word stay 0."""
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).reshape(-1)
    return sparse.diags(np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)) @ rows
