"""How inputs and targets hang together in training and in validation, as cheap learners see it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.columns import columns, sequences
from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.references import (
    LEARNERS,
    crossed,
    distances,
    least_squares,
    one_hot,
    scaled,
    transferred,
)
from kilter.values.program import Kind
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.checks.program.bench import Bench

    Matrix: TypeAlias = NDArray[np.float64]

TAUGHT: Final = 800
"""Rows that a learner is taught or asked at most."""

WIDTH: Final = 160
"""Columns that it is given at most."""

FEWEST: Final = 40
"""Rows of a split below which nothing is said of it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Inputs and targets, as learners take them.

    Attributes:
        classes: whether targets are classes, (n, k) of nought and one; else amounts.
        train_rows: (n, columns).
        train_targets: (n, k).
        valid_rows: (m, columns).
        valid_targets: (m, k).
        numeric: whether columns are the inputs' own numbers.
    """

    classes: bool
    train_rows: Matrix
    train_targets: Matrix
    valid_rows: Matrix
    valid_targets: Matrix
    numeric: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Skills between 0, a constant answer, and 1, perfection, of the best of the cheap learners.

    Attributes:
        train: within training, by cross-validation.
        valid: within validation, by cross-validation.
        forth: taught on training, asked on validation.
        back: taught on validation, asked on training.
        strangeness: distance from a training row to its nearest validation row, over that between validation rows;
            median. 1 where both come from one source. None where inputs are no numbers.
        margin: by which two skills may differ by chance.
        rows: of training and of validation that were looked at.
    """

    train: float
    valid: float
    forth: float
    back: float
    strangeness: float | None
    margin: float
    rows: tuple[int, int]


def pairs(bench: Bench) -> Pairs | None:
    """Inputs and targets of both splits; None where they are not seen as such."""
    return bench.once(("pairs",), lambda: _tagged(bench) if bench.program.task is Kind.TAGGING else _pairs(bench))


def relations(bench: Bench) -> Relations | None:
    """What cheap learners reach; None where there is too little to say."""
    return bench.once(("relations",), lambda: _relations(bench))


def _pairs(bench: Bench) -> Pairs | None:
    given_columns, target = columns(bench), answers(bench)
    if given_columns is None or target is None:
        return None
    if len(given_columns.train) != len(target.train) or len(given_columns.valid) != len(target.valid):
        return None
    chosen = np.unique(np.linspace(0, len(given_columns.names) - 1, min(WIDTH, len(given_columns.names))).astype(int))
    both: list[Matrix] = []
    for rows, truth in ((given_columns.train, target.train), (given_columns.valid, target.valid)):
        legal = np.isfinite(rows).all(1) & (truth >= 0 if target.classes else np.isfinite(truth).all(1))
        at = np.flatnonzero(legal)
        if len(at) > TAUGHT:
            at = np.sort(np.random.default_rng(0).choice(at, TAUGHT, replace=False))
        picked = truth[at] if target.classes else _within(np.asarray(truth[at], dtype=np.float64))
        both.append(rows[at][:, chosen])
        both.append(one_hot(picked.astype(np.int64), target.classes) if target.classes else picked.astype(np.float64))
    return Pairs(
        classes=bool(target.classes),
        train_rows=both[0],
        train_targets=both[1],
        valid_rows=both[2],
        valid_targets=both[3],
        numeric=given_columns.numeric,
    )


def _within(amounts: Matrix) -> Matrix:
    """Amounts with those far outside of the middle 98 % brought back: a single one would be all of the variance."""
    if not len(amounts):
        return amounts
    low, high = np.quantile(amounts, (0.01, 0.99), axis=0)
    within: Matrix = np.clip(amounts, low - 3 * (high - low), high + 3 * (high - low))
    return within


def _tagged(bench: Bench) -> Pairs | None:
    """Each token with its neighbours, and its tag."""
    read = given(bench)
    for tokens in sequences(bench).values():
        for path in bench.roles.targets:
            train = read.train.joined(path)
            valid = None if read.valid is None else read.valid.joined(path)
            if train is None or valid is None or tuple(train.shape) != tokens.train.shape:
                continue
            if tuple(valid.shape) != tokens.valid.shape or train.is_floating_point():
                continue
            tags = np.unique(np.concatenate([train.numpy().ravel(), valid.numpy().ravel()]))
            tags = tags[tags != IGNORED]
            found = []
            for ids, truth, real in (
                (tokens.train, train.numpy(), tokens.real()),
                (tokens.valid, valid.numpy(), tokens.real(valid=True)),
            ):
                row, place = np.nonzero(real & (truth != IGNORED))
                if len(row) > TAUGHT:
                    some = np.sort(np.random.default_rng(0).choice(len(row), TAUGHT, replace=False))
                    row, place = row[some], place[some]
                before = np.where(place > 0, ids[row, place - 1], -1)
                after = np.where(place + 1 < ids.shape[1], ids[row, np.minimum(place + 1, ids.shape[1] - 1)], -1)
                here = ids[row, place]
                found += [
                    _hashed([(1, here), (2, before * 65_537 + here), (3, here * 65_537 + after)]),
                    one_hot(np.searchsorted(tags, truth[row, place]), len(tags)),
                ]
            return Pairs(
                classes=True,
                train_rows=found[0],
                train_targets=found[1],
                valid_rows=found[2],
                valid_targets=found[3],
                numeric=False,
            )
    return None


def _hashed(features: list[tuple[int, NDArray[np.int64]]]) -> Matrix:
    """Which words there are, in one of so many columns each."""
    width = 3 * WIDTH
    matrix = np.zeros((len(features[0][1]), width))
    for salt, words in features:
        values, back = np.unique(words, return_inverse=True)
        column = np.array([zlib.crc32(f"{salt} {value}".encode()) % width for value in values])
        matrix[np.arange(len(words)), column[back]] = 1.0
    return matrix


def _relations(bench: Bench) -> Relations | None:
    both = pairs(bench)
    if both is None or min(len(both.train_rows), len(both.valid_rows)) < FEWEST:
        return None
    learners = LEARNERS if both.numeric else (least_squares,)
    classes = both.classes
    left, right = (both.train_rows, both.train_targets), (both.valid_rows, both.valid_targets)
    return Relations(
        train=crossed(*left, classes=classes, learners=learners),
        valid=crossed(*right, classes=classes, learners=learners),
        forth=transferred(*left, *right, classes=classes, learners=learners),
        back=transferred(*right, *left, classes=classes, learners=learners),
        strangeness=strangeness(both.train_rows, both.valid_rows) if both.numeric else None,
        margin=0.05 + 0.5 / np.sqrt(min(len(left[0]), len(right[0]))),
        rows=(len(left[0]), len(right[0])),
    )


def strangeness(rows: Matrix, others: Matrix, most: int = 400) -> float:
    """How far rows are from their nearest other, against how far the others are from one another: medians."""
    known, asked = scaled(others[:most], rows[:most])
    if not known.shape[1]:
        return 1.0
    among = distances(known, known)
    np.fill_diagonal(among, np.inf)
    apart = distances(asked, known)
    within = float(np.sqrt(np.median(among.min(1))))
    return float(np.sqrt(np.median(apart.min(1)))) / within if within > 0 else 1.0
