"""Answers for every row by models that have not seen it, one model a fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from kilter.values.errors import TrainingError, UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Rows = NDArray[np.int64]

Answer = Callable[["Rows", "Rows"], "NDArray[np.float64]"]
"""Fits a model on the first rows, and answers the second ones: (rows, k)."""


class OutOfFold(NamedTuple):
    """Answers (n, k), each by a model that had not seen its row, and the name of what answered."""

    name: str
    answers: NDArray[np.float64]


def together(*codes: ArrayLike) -> Rows:
    """A number for each row (n,), equal where rows must not be parted.

    Rows that share a code of any kind belong together, and so do the ends of a chain of such rows.

    >>> together([0, 0, 1, 2], [5, 6, 6, -1]).tolist()
    [0, 0, 0, 1]

    Args:
        codes: of each kind whole numbers (n,), equal where rows belong together; below 0 where a row stands alone.
    """
    kinds = [np.asarray(kind, dtype=np.int64) for kind in codes]
    rows = len(kinds[0])
    places, nodes, first = [], [], rows
    for kind in kinds:
        there = np.flatnonzero(kind >= 0)
        names, numbers = np.unique(kind[there], return_inverse=True)
        places.append(there)
        nodes.append(numbers.reshape(-1) + first)
        first += len(names)
    edges = (np.concatenate(places), np.concatenate(nodes))
    graph = sparse.coo_matrix((np.ones(len(edges[0])), edges), shape=(first, first))
    component = connected_components(graph, directed=False)[1][:rows]
    return np.unique(component, return_inverse=True)[1].astype(np.int64).reshape(-1)


def assign_folds(ties: ArrayLike, strata: ArrayLike, *, folds: int, seed: int = 0) -> Rows:
    """The fold of each row (n,): tied rows in one, and each fold with its share of every stratum.

    Ties are dealt from the largest down, equal ones in an order that is a function of the seed alone, each to the fold
    that has fewest rows of its first row's stratum, and of those to the smallest.

    Args:
        ties: whole numbers (n,), equal where rows must not be parted.
        strata: whole numbers (n,), such as classes.
        folds: how many.
        seed: of the order.

    Raises:
        UsageError: fewer than two folds, or fewer ties than folds.
    """
    numbers = np.unique(np.asarray(ties, dtype=np.int64), return_inverse=True)[1].reshape(-1)
    kinds = np.unique(np.asarray(strata, dtype=np.int64), return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(numbers)
    if not 2 <= folds <= len(sizes):
        parts = f"{len(sizes):,} rows" if len(sizes) == len(numbers) else f"{len(sizes):,} groups of rows"
        raise UsageError(
            f"{folds} folds of {parts}",
            legal=f"2 folds or more, and no more than there are {'rows' if len(sizes) == len(numbers) else 'groups'}",
            remedy="5 is usual",
        )
    first = np.full(len(sizes), -1)
    first[numbers[::-1]] = kinds[::-1]
    order = np.random.default_rng([seed, len(numbers)]).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    held = [[0] * folds for _ in range(int(kinds.max()) + 1)]
    total = [0] * folds
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    for tie in order.tolist():
        mine = held[first[tie]]
        chosen = min(range(folds), key=lambda fold, mine=mine: (mine[fold], total[fold]))  # type: ignore[misc]
        mine[chosen] += int(sizes[tie])
        total[chosen] += int(sizes[tie])
        fold_of[tie] = chosen
    assigned: Rows = fold_of[numbers]
    return assigned


def out_of_fold(
    folds: Rows,
    answers: Mapping[str, Answer],
    cost: Callable[[Rows, NDArray[np.float64]], float],
    *,
    told: Callable[[str], None] = lambda _: None,
) -> OutOfFold:
    """Answer each fold by a model fitted on the others; of several kinds of models by the best on the first fold.

    Args:
        folds: the fold of each row (n,), from 0 on.
        answers: by name; each is asked for the first fold, and the best one for the rest.
        cost: how bad answers for rows are; asked only where there are several kinds.
        told: hears what is being done.

    Raises:
        TrainingError: a model gave another number of answers than it was asked for, or some that are not finite.
    """
    count = int(folds.max()) + 1
    kept, asked = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
    begun: dict[str, NDArray[np.float64]] = {}
    for name, answer in answers.items():
        told(f"fold 1 of {count}, {name}")
        begun[name] = _answered(name, answer, kept, asked)
    best = min(begun, key=lambda name: cost(asked, begun[name])) if len(begun) > 1 else next(iter(begun))
    whole = np.zeros((len(folds), begun[best].shape[1]))
    whole[asked] = begun[best]
    for fold in range(1, count):
        told(f"fold {fold + 1} of {count}, {best}")
        asked = np.flatnonzero(folds == fold)
        whole[asked] = _answered(best, answers[best], np.flatnonzero(folds != fold), asked)
    return OutOfFold(best, whole)


def _answered(name: str, answer: Answer, kept: Rows, asked: Rows) -> NDArray[np.float64]:
    given = np.asarray(answer(kept, asked), dtype=np.float64)
    if given.ndim != 2 or len(given) != len(asked) or not np.isfinite(given).all():
        finite = "" if np.isfinite(given).all() else ", some of which are not finite"
        raise TrainingError(
            f"{name} answered {len(asked)} rows by an array of shape {given.shape}{finite}",
            legal=f"({len(asked)}, classes) finite numbers",
            remedy="let another model answer",
        )
    return given
