"""Targets of a batch as classes or amounts, one row an example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np
import torch

from kilter.checks.program.batches.given import Read, given
from kilter.values.program import Kind
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.checks.program.bench import Bench
    from kilter.engine.trees import Path

    Matrix: TypeAlias = NDArray[np.float64]
    Labels: TypeAlias = NDArray[np.int64]

AMOUNTS: Final = 16
"""Columns of targets that are looked at."""

CERTAIN: Final = 0.9
"""Share of a soft label that makes it a class."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is to be learnt.

    Attributes:
        path: where it stands in a batch.
        classes: how many values there are; 0 for amounts.
        train: (n,) classes counted from 0, -1 where none is given; or (n, k) amounts.
        valid: the same of validation.
        values: of the classes, as the batch has them.
    """

    path: Path
    classes: int
    train: Matrix | Labels
    valid: Matrix | Labels
    values: tuple[float, ...] = ()


def answers(bench: Bench) -> Answers | None:
    """The first target of the program as classes or amounts; None where it is neither, or the input itself."""
    return bench.once(("answers",), lambda: _answers(bench))


def _answers(bench: Bench) -> Answers | None:
    kind = bench.program.task
    if kind in (Kind.CONTRASTIVE, Kind.GENERATION, Kind.TAGGING):
        return None
    read = given(bench)
    for path in bench.roles.targets:
        train = read.train.joined(path)
        valid = _valid(read.valid, path)
        if train is None or (valid is not None and valid.shape[1:] != train.shape[1:]):
            continue
        if train.shape[1:].numel() > 4 and _is_like_input(bench, train):  # a row of amounts may be short
            return None
        found = _as_answers(kind, path, train, train[:0] if valid is None else valid)
        if found is not None:
            return found
    return None


def _valid(read: Read | None, path: Path) -> Tensor | None:
    return None if read is None or not read.batches else read.joined(path)


def _is_like_input(bench: Bench, target: Tensor) -> bool:
    """Whether a target has the form of an input: what is learnt is the input again."""
    read = given(bench)
    inputs = [read.train.joined(path) for path in bench.roles.inputs]
    return any(t is not None and t.shape[1:].numel() == target.shape[1:].numel() for t in inputs)


def _as_answers(kind: Kind, path: Path, train: Tensor, valid: Tensor) -> Answers | None:
    both = torch.cat([train, valid]).reshape(len(train) + len(valid), -1)
    if both.is_complex() or not both.shape[1]:
        return None
    whole = not both.is_floating_point()
    if kind is Kind.CLASSIFICATION or (kind is Kind.OTHER and whole):
        found = _classes(both, whole=whole) if both.shape[1] == 1 else _shares(both)
        if found is None:
            return None
        classes, values = found
        return Answers(
            path=path, classes=len(values), train=classes[: len(train)], valid=classes[len(train) :], values=values
        )
    chosen = np.unique(np.linspace(0, both.shape[1] - 1, min(AMOUNTS, both.shape[1])).astype(int))
    some = both[:, chosen].double().numpy()
    return Answers(path=path, classes=0, train=some[: len(train)], valid=some[len(train) :])


def _classes(both: Tensor, *, whole: bool) -> tuple[Labels, tuple[float, ...]] | None:
    """One number a row as classes counted from 0; -1 where it is to be ignored."""
    numbers = both[:, 0].double().numpy()
    legal = np.isfinite(numbers) & (numbers != IGNORED) if whole else np.isfinite(numbers)
    values, labels = np.unique(numbers[legal], return_inverse=True)
    if len(values) > max(2, 0.5 * int(legal.sum())) or not len(values):
        return None
    classes = np.full(len(numbers), -1, dtype=np.int64)
    classes[legal] = labels
    return classes, tuple(values.tolist())


def _shares(both: Tensor) -> tuple[Labels, tuple[float, ...]] | None:
    """Shares of classes as the class that has nearly all; -1 where none has."""
    amounts = both.double()
    if not bool(((amounts.sum(1) - 1).abs() < 1e-3).all()) or bool((amounts < 0).any()):  # rounding
        return None
    top, chosen = amounts.max(1)
    classes = torch.where(top >= CERTAIN, chosen, torch.full_like(chosen, -1)).numpy()
    return classes, tuple(float(at) for at in range(both.shape[1]))
