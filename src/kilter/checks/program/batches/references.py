"""Cheap learners that say what can be reached: least squares, with squares of the columns, and nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[np.float64]
    Labels: TypeAlias = NDArray[np.int64]
    Learner: TypeAlias = Callable[[Matrix, Matrix, Matrix], Matrix]

RIDGE: Final = 0.02
"""Weight of the penalty, of the number of rows, on standardised columns."""

NEIGHBOURS: Final = 7
"""That are asked."""

PRODUCTS: Final = 15
"""Columns up to which all products of two are learnt on, too."""


def scaled(train: Matrix, *others: Matrix) -> list[Matrix]:
    """Columns in units of their spread in `train`, clipped at ten of them; constant ones are left out."""
    middle, spread = train.mean(0), train.std(0)
    alive = spread > 1e-9 * (1 + np.abs(middle))  # rounding of a constant
    return [np.clip((part[:, alive] - middle[alive]) / spread[alive], -10, 10) for part in (train, *others)]


def least_squares(rows: Matrix, targets: Matrix, asked: Matrix) -> Matrix:
    """Ridge regression on standardised columns."""
    if not rows.shape[1]:
        return np.repeat(targets.mean(0)[None], len(asked), 0)
    middle = targets.mean(0)
    gram = rows.T @ rows + RIDGE * len(rows) * np.eye(rows.shape[1])
    weights = np.linalg.solve(gram, rows.T @ (targets - middle))
    predicted: Matrix = (asked - rows.mean(0)) @ weights + middle
    return predicted


def curved(rows: Matrix, targets: Matrix, asked: Matrix) -> Matrix:
    """Ridge regression on the columns, their squares, and their products where there are few."""
    wide, wide_asked = _with_products(rows), _with_products(asked)
    return least_squares(*_ordered(scaled(wide, wide_asked), targets))


def _ordered(parts: list[Matrix], targets: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    return parts[0], targets, parts[1]


def _with_products(rows: Matrix) -> Matrix:
    if rows.shape[1] <= PRODUCTS:
        left, right = np.triu_indices(rows.shape[1])
        return np.concatenate([rows, rows[:, left] * rows[:, right]], 1)
    return np.concatenate([rows, rows**2], 1)


def neighbours(rows: Matrix, targets: Matrix, asked: Matrix) -> Matrix:
    """The mean target of the nearest rows."""
    count = min(NEIGHBOURS, len(rows))
    near = np.argpartition(distances(asked, rows), count - 1, axis=1)[:, :count]
    found: Matrix = targets[near].mean(1)
    return found


def distances(left: Matrix, right: Matrix) -> NDArray[np.float32]:
    """Squared distances of all pairs, (rows of left, rows of right)."""
    a, b = left.astype(np.float32), right.astype(np.float32)
    apart: NDArray[np.float32] = (a**2).sum(1)[:, None] - 2 * (a @ b.T) + (b**2).sum(1)[None]
    return np.maximum(apart, 0)


LEARNERS: Final[tuple[Learner, ...]] = (least_squares, neighbours, curved)
"""From the plainest on."""


def one_hot(labels: Labels, classes: int) -> Matrix:
    """(n,) classes as (n, classes) of nought and one."""
    return np.eye(classes)[labels]


def skill(predicted: Matrix, targets: Matrix, *, classes: bool) -> float:
    """How far from a constant answer (0) to perfection (1): of accuracy for classes, of R² for amounts; not below 0."""
    if classes:
        truth = targets.argmax(1)
        constant = float(np.bincount(truth).max()) / len(truth)
        right = float((predicted.argmax(1) == truth).mean())
        return max(0.0, (right - constant) / (1 - constant)) if constant < 1 else 0.0
    total = ((targets - targets.mean(0)) ** 2).sum(0)
    alive = total > 0
    if not alive.any():
        return 0.0
    explained = 1 - ((predicted - targets) ** 2).sum(0)[alive] / total[alive]
    return max(0.0, float(np.clip(explained, -1, 1).mean()))


def transferred(
    rows: Matrix, targets: Matrix, asked: Matrix, truth: Matrix, *, classes: bool, learners: tuple[Learner, ...]
) -> float:
    """The best skill of these learners, taught on one set and asked on another."""
    left, right = scaled(rows, asked)
    return max(skill(learner(left, targets, right), truth, classes=classes) for learner in learners)


def crossed(
    rows: Matrix, targets: Matrix, *, classes: bool, learners: tuple[Learner, ...] = LEARNERS, folds: int = 3
) -> float:
    """The best skill of these learners on rows they were not taught."""
    order = np.random.default_rng(0).permutation(len(rows))
    best = 0.0
    for learner in learners:
        predicted = np.zeros_like(targets)
        for fold in range(folds):
            held = order[fold::folds]
            taught = np.setdiff1d(order, held)
            left, right = scaled(rows[taught], rows[held])
            predicted[held] = learner(left, targets[taught], right)
        best = max(best, skill(predicted, targets, classes=classes))
        if best > 0.97:  # nothing is left to be reached
            break
    return best
