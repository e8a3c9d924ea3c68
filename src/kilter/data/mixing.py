"""Plans for several tasks: batches of one task each, tasks drawn as often as their rows say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from kilter.data.batching import of_rows
from kilter.values.source import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mixed(
    tasks: NDArray[np.int64],
    plan: Callable[[NDArray[np.int64], int], Plan],
    *,
    exponent: float,
    seed: int,
    epoch: int,
) -> Plan:
    """One epoch of batches that each hold rows of one task, in random order.

    With an exponent of 1 every row stands in it once, so that a task has as many batches as its rows fill. Otherwise an
    epoch is as long, and the batches of a task are in proportion to rows^exponent, each task one at least: 0 draws all
    tasks alike, and of a small one the rows come round again, freshly shuffled each time (Arivazhagan et al. 2019,
    Massively multilingual neural machine translation in the wild, section 4.1, where the exponent is 1 / T).

    Args:
        tasks: (n,) the task of each row, 0 to tasks - 1.
        plan: batches of so many rows (as places 0 to n - 1), once through; the second argument tells its calls apart.
        exponent: 0 to 1.
        seed: of the run.
        epoch: from 0.
    """
    members = [np.flatnonzero(tasks == task) for task in range(int(tasks.max(initial=-1)) + 1)]
    once = [of_rows(plan(rows, 0), rows) for rows in members]
    wanted = [len(batches) for batches in once]
    if exponent != 1:
        wanted = _quotas(np.array([len(rows) for rows in members], dtype=np.float64) ** exponent, sum(wanted))
    batches: list[list[int]] = []
    for rows, whole, number in zip(members, once, wanted, strict=True):
        taken = list(whole)
        for again in count(1):
            if len(taken) >= number:
                break
            taken += of_rows(plan(rows, again), rows)
        batches += taken[:number]
    order = np.random.default_rng([seed, epoch, len(tasks)]).permutation(len(batches))
    return [batches[place] for place in order.tolist()]


def tasks_of(present: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The task of each row (n,) from which targets (n, k) it has: rows with the same targets make one task.

    >>> tasks_of(np.array([[True, False], [False, True], [True, False]])).tolist()
    [1, 0, 1]
    """
    _, tasks = np.unique(present, axis=0, return_inverse=True)
    return tasks.reshape(-1).astype(np.int64)


def _quotas(shares: NDArray[np.float64], total: int) -> list[int]:
    """Whole numbers in proportion to shares, one each at least, that add up to the total (by largest remainders)."""
    exact = shares / shares.sum() * total
    whole = np.maximum(np.floor(exact), 1).astype(np.int64)
    for place in np.argsort(whole - exact, kind="stable").tolist():
        if whole.sum() >= total:
            break
        whole[place] += 1
    while whole.sum() > max(total, len(whole)):
        whole[int(whole.argmax())] -= 1
    return [int(number) for number in whole]
