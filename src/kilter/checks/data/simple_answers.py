"""What a simple model answers on rows that it was not fitted on: labels, and how clear each answer is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy import sparse

from kilter.checks.data.likeness import reduced
from kilter.checks.data.words import words_of
from kilter.values.table import Field, Kind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS: Final = 5
VALUES: Final = 50  # of a category, the most frequent ones
_RARE: Final = 2  # rows that must have a word
_SPREAD: Final = 5.0  # standard deviations beyond which a number is cut
_PIXEL: Final = 10.0  # so that pixels weigh about as much as the penalty, 1


class Answers(NamedTuple):
    """Of each row (n,): the label that the other rows let one expect, and how far it is ahead of the next."""

    decided: NDArray[np.int64]
    margin: NDArray[np.float64]


def simple_answers(table: Table, fields: Sequence[Field], labels: NDArray[np.int64]) -> Answers:
    """Answers by cross-validation over five random folds, each with its share of every label.

    Texts: naive Bayes on words and pairs of neighbours, each column for itself (McCallum and Nigam 1998); other inputs
    of a row with texts are left out. Else ridge regression on indicator columns of the labels (Hastie, Tibshirani and
    Friedman 2009, The elements of statistical learning, section 4.2), of scaled numbers with steps at their deciles,
    the frequent values of categories, and images reduced to a few pixels.

    Args:
        table: n rows.
        fields: the inputs to look at.
        labels: (n,) from 0 on, each known.
    """
    texts = [field.name for field in fields if field.kind in (Kind.TEXT, Kind.TOKENS)]
    matrix: Any = _words(table, texts) if texts else _amounts(table, fields)
    wanted = np.eye(int(labels.max()) + 1)[labels]
    fold = _folds(labels)
    scores = np.zeros(wanted.shape)
    for number in range(FOLDS):
        asked = fold == number
        fit = _bayes if texts else _ridge
        scores[asked] = fit(matrix[~asked], wanted[~asked], matrix[asked])
    ordered = np.sort(scores, axis=1)
    return Answers(scores.argmax(axis=1), ordered[:, -1] - ordered[:, -2])


def _folds(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold for each row (n,): drawn at random, the rows of a label in turn."""
    order = np.random.default_rng(0).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % FOLDS
    return fold


def _bayes(known: Any, wanted: NDArray[np.float64], asked: Any) -> NDArray[np.float64]:
    """Log probabilities of the words of each asked row, of mean 0 over labels, by the root of their number."""
    counts = known.T @ wanted + 0.3
    speaks = np.log(counts / counts.sum(axis=0))
    sizes = np.sqrt(np.maximum(1.0, np.asarray(asked.sum(axis=1))))
    scores: NDArray[np.float64] = (asked @ speaks) / sizes
    return scores


def _ridge(known: Any, wanted: NDArray[np.float64], asked: Any) -> NDArray[np.float64]:
    centre = wanted.mean(axis=0)
    weights = np.linalg.solve(known.T @ known + np.eye(known.shape[1]), known.T @ (wanted - centre))
    scores: NDArray[np.float64] = asked @ weights + centre
    return scores


def _words(table: Table, names: Sequence[str]) -> sparse.csr_matrix:
    rows: list[set[object]] = []
    for cells in zip(*(table.columns[name].tolist() for name in names), strict=True):
        found: set[object] = set()
        for place, cell in enumerate(cells):
            words = words_of(cell)
            found.update((place, word) for word in words)
            found.update((place, *pair) for pair in pairwise(words))
        rows.append(found)
    counts = Counter(word for row in rows for word in row)
    places = {word: at for at, word in enumerate(word for word, count in counts.items() if count >= _RARE)}
    kept = [[places[word] for word in row if word in places] for row in rows]
    ends = np.cumsum([0, *map(len, kept)])
    columns = np.array([at for row in kept for at in row], np.int64)
    return sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), max(1, len(places))))


def _amounts(table: Table, fields: Sequence[Field]) -> NDArray[np.float64]:
    parts: list[NDArray[Any]] = [np.ones((len(table), 1))]
    for field in fields:
        column: NDArray[Any] = table.columns[field.name]
        if field.kind is Kind.NUMBER:
            numbers = np.where(np.isfinite(column), column.astype(np.float64), np.nan)
            if np.isnan(numbers).all():
                continue
            scaled = (numbers - np.nanmean(numbers)) / (np.nanstd(numbers) or 1.0)
            steps = np.nanquantile(numbers, np.arange(0.1, 1.0, 0.1))
            parts += [np.nan_to_num(scaled).clip(-_SPREAD, _SPREAD)[:, None], numbers[:, None] > steps]
        elif field.kind is Kind.CATEGORY:
            cells = column.tolist()
            values = [value for value, _ in Counter(cells).most_common(VALUES)]
            parts.append(np.array([[cell == value for value in values] for cell in cells]))
        elif field.kind is Kind.IMAGE:
            parts.append(_PIXEL * reduced(column))
    return np.hstack(parts).astype(np.float64)
