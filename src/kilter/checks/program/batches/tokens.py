"""Sequences of tokens: where they end, and as columns that a cheap learner takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Ids: TypeAlias = NDArray[np.int64]
    Matrix: TypeAlias = NDArray[np.float64]

NOTHING: Final = -(2**40)
"""Stands where a shorter batch has no place; no token."""

BAG: Final = 120
"""Tokens that are counted; rarer ones share columns."""

ENDS: Final = 40
"""Columns for the token at each end."""

FEW: Final = 12
"""Places up to which each place has columns of its own: categories of a table rather than a text."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sequences:
    """Sequences of tokens of training and validation.

    Attributes:
        train: (n, longest) ids; `NOTHING` where a batch was shorter than the longest.
        valid: (m, longest).
        pad: the token that pads; None where none was told or seen.
        widths: length of the batches of training and of validation, the longest of each.
    """

    train: Ids
    valid: Ids
    pad: int | None
    widths: tuple[int, int]

    @property
    def distinct(self) -> int:
        """Different tokens of training."""
        return len(np.unique(self.train[self.train != NOTHING]))

    def real(self, *, valid: bool = False) -> NDArray[np.bool_]:
        """Where there is a token."""
        ids = self.valid if valid else self.train
        real: NDArray[np.bool_] = ids != NOTHING
        return real & (ids != self.pad) if self.pad is not None else real

    def lengths(self, *, valid: bool = False) -> Ids:
        """Real tokens of each row."""
        counts: Ids = self.real(valid=valid).sum(1)
        return counts


def token_sequences(train: Sequence[Tensor], valid: Sequence[Tensor], pad: int | None) -> Sequences:
    """Batches of ids as two matrices; the padding is found by looking where it is not told."""
    widths = tuple(max((_flat(part).shape[1] for part in parts), default=0) for parts in (train, valid))
    longest = max(widths)
    left, right = _stacked(train, longest), _stacked(valid, longest)
    return Sequences(train=left, valid=right, pad=_padding(left) if pad is None else pad, widths=(widths[0], widths[1]))


def _flat(part: Tensor) -> Tensor:
    return part.to("cpu").reshape(len(part), -1)


def _stacked(parts: Sequence[Tensor], longest: int) -> Ids:
    found = []
    for part in parts:
        ids = np.full((len(part), longest), NOTHING, dtype=np.int64)
        flat = _flat(part).to(torch.int64).numpy()
        ids[:, : flat.shape[1]] = flat
        found.append(ids)
    return np.concatenate(found) if found else np.zeros((0, longest), dtype=np.int64)


def _padding(ids: Ids) -> int | None:
    """The token that fills an end of some rows and stands nowhere else."""
    if ids.shape[1] < 3 or len(ids) < 8:  # too few to tell filling from a token
        return None
    for side in (ids, ids[:, ::-1]):
        ends = side[:, -1]
        values, counts = np.unique(ends[ends != NOTHING], return_counts=True)
        if not len(values):
            continue
        candidate = int(values[counts.argmax()])
        at = (side == candidate) | (side == NOTHING)
        tail = np.cumprod(at[:, ::-1], 1)[:, ::-1].astype(bool)  # from here to the end nothing else
        inside = int((at & ~tail).sum())
        filled = int((tail.sum(1) > 1).sum())
        if filled >= 0.02 * len(ids) and inside <= 0.02 * int(tail.sum()):
            return candidate
    return None


def token_columns(tokens: Sequences) -> tuple[Matrix, Matrix, list[str]]:
    """Counts of tokens, and which stand at the ends; each place by itself where there are few."""
    known = tokens.train[tokens.real()]
    values, counts = np.unique(known, return_counts=True)
    common = np.sort(values[np.argsort(-counts, kind="stable")[:BAG]])
    told = [f"token {value}" for value in common]
    blocks: list[tuple[Matrix, Matrix]] = [(_bag(tokens, common, valid=False), _bag(tokens, common, valid=True))]
    if tokens.train.shape[1] == 1:
        return blocks[0][0], blocks[0][1], told
    few = tokens.train.shape[1] <= FEW and len(common) * tokens.train.shape[1] <= 2 * BAG
    places = range(tokens.train.shape[1]) if few else (0, -1)
    ends = common[:ENDS]
    for place in places:
        blocks.append((_at(tokens, place, ends, valid=False), _at(tokens, place, ends, valid=True)))
        told += [f"token {value} at {place}" for value in ends]
    return np.concatenate([b[0] for b in blocks], 1), np.concatenate([b[1] for b in blocks], 1), told


def _bag(tokens: Sequences, common: Ids, *, valid: bool) -> Matrix:
    ids = tokens.valid if valid else tokens.train
    counts = np.zeros((len(ids), len(common)))
    if not len(common):
        return counts
    where = np.clip(np.searchsorted(common, ids), 0, len(common) - 1)
    hit = (common[where] == ids) & tokens.real(valid=valid)
    np.add.at(counts, (np.nonzero(hit)[0], where[hit]), 1.0)
    return counts


def _at(tokens: Sequences, place: int, values: Ids, *, valid: bool) -> Matrix:
    """Which token is first, or the last real one, or at a place."""
    ids, real = (tokens.valid, tokens.real(valid=True)) if valid else (tokens.train, tokens.real())
    if not len(ids):
        return np.zeros((0, len(values)))
    if place == -1:
        at = ids.shape[1] - 1 - real[:, ::-1].argmax(1)
    elif place == 0:
        at = real.argmax(1)
    else:
        at = np.full(len(ids), place)
    chosen = ids[np.arange(len(ids)), at]
    which: Matrix = (chosen[:, None] == values[None, :]).astype(np.float64)
    return which
