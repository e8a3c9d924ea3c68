"""Inputs of a batch as columns of numbers, as cheap learners take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np
import torch

from kilter.checks.program.batches.given import Given, given, named
from kilter.checks.program.batches.tokens import Sequences, token_columns, token_sequences

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.checks.program.bench import Bench
    from kilter.engine.trees import Path

    Matrix: TypeAlias = NDArray[np.float64]

WIDEST: Final = 4096
"""Columns of numbers that are looked at, evenly spaced over what there is."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Inputs, one row an example.

    Attributes:
        names: of the columns.
        numbers: the columns of numbers that the model is given as they are.
        train: (n, columns).
        valid: (m, columns); without rows where there is no validation.
        numeric: whether there is nothing but numbers in the inputs.
    """

    names: tuple[str, ...]
    numbers: NDArray[np.bool_]
    train: Matrix
    valid: Matrix
    numeric: bool


def columns(bench: Bench) -> Columns | None:
    """The inputs of training and validation as columns; None where they are not rows."""
    return bench.once(("columns",), lambda: _columns(bench))


def sequences(bench: Bench) -> dict[Path, Sequences]:
    """The inputs that are sequences of tokens, by their place."""
    return bench.once(("sequences",), lambda: _sequences(bench))


def _sequences(bench: Bench) -> dict[Path, Sequences]:
    read = given(bench)
    found = {}
    for path in bench.roles.inputs:
        train, valid = read.train.parts(path), _valid_parts(read, path)
        if train is not None and _kind(train[0]) == "tokens":
            found[path] = token_sequences(train, valid or [], bench.program.pad)
    wide = {tokens.train.shape for tokens in found.values() if tokens.distinct > 2}  # more than a mask
    return {path: t for path, t in found.items() if t.distinct > 2 or t.train.shape not in wide}


def _valid_parts(read: Given, path: Path) -> list[Tensor] | None:
    return read.valid.parts(path) if read.valid is not None and read.valid.batches else None


def _columns(bench: Bench) -> Columns | None:
    read = given(bench)
    tokens = sequences(bench)
    names: list[str] = []
    train: list[Matrix] = []
    valid: list[Matrix] = []
    numbers: list[bool] = []
    numeric = True
    has_valid = read.valid is not None and bool(read.valid.batches)
    for path in bench.roles.inputs:
        parts = read.train.parts(path)
        others = _valid_parts(read, path)
        if parts is None or (has_valid and others is None) or parts[0].is_complex():
            continue
        kind = _kind(parts[0])
        if kind == "numbers":
            left, right = _numbers(parts), _numbers(others or [])
            if right is not None and left is not None and right.shape[1:] != left.shape[1:]:
                left = right = None
            if left is None or (others and right is None):
                left, right = _summaries(parts), _summaries(others or [])
            if left is None:
                continue
            chosen = np.unique(np.linspace(0, left.shape[1] - 1, min(WIDEST, left.shape[1])).astype(int))
            left = left[:, chosen]
            right = right[:, chosen] if right is not None else np.zeros((0, left.shape[1]))
            names += [f"{named(path)}[{at}]" for at in chosen]
            numbers += [True] * left.shape[1]
        elif path in tokens:
            numeric = False
            left, right, told = token_columns(tokens[path])
            names += [f"{named(path)} {word}" for word in told]
            numbers += [False] * left.shape[1]
        else:
            continue
        train.append(left)
        valid.append(right)
    if not train or len({len(part) for part in train}) > 1 or len({len(part) for part in valid}) > 1:
        return None
    return Columns(
        names=tuple(names),
        numbers=np.array(numbers),
        train=np.concatenate(train, 1),
        valid=np.concatenate(valid, 1),
        numeric=numeric,
    )


def _kind(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "flags"
    if tensor.is_floating_point() or tensor.dtype == torch.uint8 or tensor.ndim > 2:  # images of bytes
        return "numbers"
    return "tokens"


def _numbers(parts: Sequence[Tensor]) -> Matrix | None:
    if not parts or len({part.shape[1:] for part in parts}) > 1:
        return None
    flat = [part.to("cpu").reshape(len(part), -1) for part in parts]
    matrix: Matrix = torch.cat(flat).double().numpy()
    return matrix


def _summaries(parts: Sequence[Tensor]) -> Matrix | None:
    """Of sequences of any length: mean and spread over the second dimension."""
    if not parts or parts[0].ndim < 2 or len({part.shape[2:] for part in parts}) > 1:  # rows and places
        return None
    found = []
    for part in parts:
        numbers = part.to("cpu").double().reshape(len(part), part.shape[1], -1)
        found.append(torch.cat([numbers.mean(1), numbers.std(1, unbiased=False)], 1))
    matrix: Matrix = torch.cat(found).numpy()
    return matrix
