"""Random numbers as a function of (seed, epoch, row, place): the same whoever asks, and in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: the increment of SplitMix64
FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
SECOND: Final = np.uint64(0x94D049BB133111EB)
TWO_TO_53: Final = 2.0**53


def uniforms(*, seed: int, epoch: int, rows: Sequence[int], count: int, purpose: int) -> NDArray[np.float64]:
    """Uniform random numbers in [0, 1), (rows, count).

    SplitMix64's output function (Steele, Lea and Flood 2014, with Stafford's variant 13) chained over the key.

    Args:
        seed: of the run.
        epoch: from 0.
        rows: row numbers; each has a stream of its own.
        count: numbers a row; the first k are the same for any count.
        purpose: tells uses apart that share seed, epoch and row.
    """
    key = _mixed(_mixed(_mixed(np.array([seed], dtype=np.uint64)) + np.uint64(epoch)) + np.uint64(purpose))
    streams = _mixed(key + np.asarray(rows, dtype=np.uint64))
    places = np.arange(1, count + 1, dtype=np.uint64) * GOLDEN
    return (_mixed(streams[:, np.newaxis] + places) >> np.uint64(11)) / TWO_TO_53


def normals(*, seed: int, epoch: int, rows: Sequence[int], count: int, purpose: int) -> NDArray[np.float64]:
    """Standard normal random numbers, (rows, count), by the transform of Box and Muller (1958)."""
    pairs = uniforms(seed=seed, epoch=epoch, rows=rows, count=2 * count, purpose=purpose)
    radius = np.sqrt(-2 * np.log1p(-pairs[:, 0::2]))  # 1 - u lies in (0, 1]
    normal: NDArray[np.float64] = radius * np.cos(2 * np.pi * pairs[:, 1::2])
    return normal


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 bits of which each depends on all; arrays of integers wrap around as the function asks."""
    state = state + GOLDEN
    state = (state ^ (state >> np.uint64(30))) * FIRST
    state = (state ^ (state >> np.uint64(27))) * SECOND
    return state ^ (state >> np.uint64(31))
