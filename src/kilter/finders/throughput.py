"""Which batch sizes are timed, and which of them is the smallest that is as fast as any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kilter.values.batch_suggestion import NoiseScale, StepTime

TOLERANCE: Final = 0.05
"""Of the highest speed, that a smaller batch may be slower: timing does not tell less apart on a busy machine."""


def sizes_below(largest: int, *, smallest: int = 1) -> tuple[int, ...]:
    """The largest size and the powers of two below it, downward.

    >>> sizes_below(100, smallest=16)
    (100, 64, 32, 16)
    """
    powers = (1 << power for power in reversed(range((largest - 1).bit_length())))
    return (largest, *(size for size in powers if smallest <= size < largest))


def knee(times: Iterable[StepTime], *, noise: NoiseScale | None = None, tolerance: float = TOLERANCE) -> int:
    """The smallest size that gets as far in a second as any, but for a tolerance.

    Args:
        times: of steps, at several sizes.
        noise: the gradient noise scale; without it, examples a second are compared.
        tolerance: of the furthest that any size gets.

    Raises:
        ValueError: nothing was timed.

    >>> knee([StepTime(size=64, seconds=0.64), StepTime(size=32, seconds=0.33), StepTime(size=16, seconds=0.2)])
    32
    """
    timed = tuple(times)
    if not timed:
        message = "no size was timed"
        raise ValueError(message)
    scale = scale_of(noise)
    best = max(worth(time, scale) for time in timed)
    return min(time.size for time in timed if worth(time, scale) >= (1 - tolerance) * best)


def worth(time: StepTime, scale: float | None) -> float:
    """How far training gets in a second: examples a second, less what larger batches waste.

    To reach a loss takes steps in proportion to 1 + noise scale / batch, hence examples in proportion to
    1 + batch / noise scale (McCandlish et al. 2018, section 2.3).

    >>> worth(StepTime(size=100, seconds=1.0), 100.0)
    50.0
    """
    return time.examples_per_second / (1 + time.size / scale) if scale else time.examples_per_second


def scale_of(noise: NoiseScale | None) -> float | None:
    """The noise scale to reckon with: its lower end where the gradient drowned in noise; None where none is known."""
    return None if noise is None else (noise.examples or noise.low or None)
