"""Which batch size to try next, given what the sizes tried so far have held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, final

from kilter.values.batch_suggestion import SizeProbe

AIM: Final = 0.97
"""The share of what comes and goes with a batch that the size which is returned is to fill: the rest is for what a
secant misses."""

LAST: Final = 0.88
"""The share that is aimed at where nothing is proved and the steps are enough for no other probe: it must fit. Between
two sizes that told what they held it is not needed: a maximum of lines lies below its chord."""

ENOUGH: Final = 0.93
"""The share of it from which a size that is proved is good enough."""

MIDDLE: Final = 0.6
"""The share to be filled by a second probe, where the first is too small for its slope to be that of large batches."""

TELLING: Final = 0.2
"""The share of the room beside what is held between steps from which a size tells of the largest."""

GROWTH: Final = 16
"""Times by which a size may exceed the largest that was tried."""

STEADY: Final = 0.8
"""The slope of a line from what is held between steps to the largest size that fitted, of which later slopes are at
least so much: a maximum of lines does not get flatter, but what is read of it wavers."""

SHORTER: Final = 0.88
"""The share of a size that was killed that is tried next: what predicted it was not wrong by much more."""

EXPLORING: Final = 2
"""Steps of a probe that only tells: from the second on, there is the optimizer's state while gradients are taken."""

PROVING: Final = 3
"""The fewest steps of a probe whose size may be returned: what was freed is cut into pieces by then, as it stays."""

STEPS: Final = 10
"""Steps in all, unless nothing is proved by then."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What there is to fill.

    Attributes:
        bytes: that may be held in all.
        base: bytes that are held before any training.
        most: the largest batch that is of any use.
        start: the size to begin with.
    """

    bytes: int
    base: int
    most: int
    start: int

    def at(self, share: float, between: int | None) -> float:
        """The peak that fills a share of what is left beside what is held between steps."""
        fixed = between or self.base
        return fixed + share * (self.bytes - fixed)


def first_size(most: int, *, bound: int | None, batch: int) -> int:
    """Where to begin: an eighth of the bound; without one at the batch size that is set up.

    >>> first_size(10_000, bound=4_000, batch=32), first_size(10_000, bound=None, batch=32)
    (500, 32)
    """
    return max(1, min(most, batch if bound is None else bound // 8))


@final
class Try(NamedTuple):
    """A size, and the training steps that it is to bear."""

    size: int
    steps: int


def next_size(probes: Sequence[SizeProbe], room: Room) -> Try | None:
    """The size to try next; None where the largest that is proved is to be taken, or not even 1 fits.

    What training holds is the maximum of several phases, each affine in the batch size, so that a secant of two sizes
    that fitted reaches a little too far, and the less the larger they are. After a small first probe more than half of
    the room is aimed at, then nearly all of it; between a size that fitted and one that did not, what the secant says
    or a little less than the latter.
    """
    if not probes:
        return Try(room.start, _proving(probes) if room.start == room.most else EXPLORING)
    bad = min((probe.size for probe in probes if not probe.fits), default=room.most + 1)
    fitted = sorted((probe for probe in probes if probe.fits and probe.size < bad), key=lambda probe: probe.size)
    if not fitted:
        return None if bad == 1 else Try(_smaller(probes, bad, room), EXPLORING)
    good = fitted[-1]
    proved = good.steps >= PROVING
    if proved and (good.size + 1 >= bad or _filled(good, room) >= ENOUGH):
        return None
    if any(probe.steps >= PROVING for probe in fitted) and _spent(probes) + PROVING > STEPS:
        return None
    over = next((probe for probe in probes if not probe.fits and probe.size == bad), None)
    near = over is not None or _filled(good, room) >= TELLING
    unproved = not any(probe.steps >= PROVING for probe in fitted)
    enclosed = over is not None and over.peak is not None
    last = near and unproved and not enclosed and _spent(probes) + 2 * PROVING > STEPS
    size = min(_larger(fitted, over, room, aim=LAST if last else AIM if near else MIDDLE), bad - 1)
    if size > good.size:
        return Try(size, _proving(probes) if near or size == room.most else EXPLORING)
    return None if proved else Try(good.size, _proving(probes))


def proved(probes: Sequence[SizeProbe]) -> int:
    """The largest size that may be returned; 0 where there is none."""
    bad = min((probe.size for probe in probes if not probe.fits), default=None)
    sizes = (probe.size for probe in probes if probe.fits and probe.steps >= PROVING)
    return max((size for size in sizes if bad is None or size < bad), default=0)


def _spent(probes: Sequence[SizeProbe]) -> int:
    return sum(probe.steps for probe in probes)


def _proving(probes: Sequence[SizeProbe]) -> int:
    """Steps of a probe that is to prove: so many that another can follow if it does not."""
    return max(PROVING, STEPS - _spent(probes) - PROVING)


def _filled(probe: SizeProbe, room: Room) -> float:
    """Which share of the room, beside what is held between steps, a size fills: about its share of the largest."""
    between = probe.between or room.base
    return ((probe.peak or 0) - between) / max(1, room.bytes - between)


def _larger(fitted: Sequence[SizeProbe], over: SizeProbe | None, room: Room, *, aim: float) -> int:
    """The size that fills a share of the room, going by the largest that fitted and what else was seen."""
    good, peak = fitted[-1], fitted[-1].peak or 0
    chord = (peak - (good.between or room.base)) / good.size
    if over is not None and over.peak is not None:  # it came to its end, and told what it held
        slope = (over.peak - peak) / (over.size - good.size)
    elif len(fitted) > 1:
        slope = (peak - (fitted[-2].peak or 0)) / (good.size - fitted[-2].size)
    else:
        slope = chord
    slope = max(slope, STEADY * chord)
    wanted = good.size * GROWTH if slope <= 0 else good.size + int((room.at(aim, good.between) - peak) / slope)
    wanted = min(wanted, good.size * GROWTH)
    if over is not None and (over.peak is None or wanted >= over.size):  # killed at nobody knows how much
        farther = max(int(SHORTER * over.size), (good.size + over.size) // 2)
        wanted = min(wanted, farther) if wanted > good.size else farther
    return wanted


def _smaller(probes: Sequence[SizeProbe], bad: int, room: Room) -> int:
    """A size below one that was too large: by what it held, or an eighth of it where it could not tell."""
    told = next(probe for probe in probes if probe.size == bad)
    if told.peak is None or told.between is None or told.peak <= told.between:
        return max(1, bad // 8)
    wanted = int((room.at(MIDDLE, told.between) - told.between) * bad / (told.peak - told.between))
    return max(1, min(wanted, bad // 2))
