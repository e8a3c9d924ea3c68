"""The memory that a training may take: the tightest of all limits, and a share of it kept back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kilter.finders.limits import Limit, limits
from kilter.finders.usage import held
from kilter.values.batch_suggestion import Budget, Counted
from kilter.values.errors import UsageError

KEPT_OF_SHARED: Final = 0.10
"""Of memory that others take of, too: what they will take is not known."""

KEPT_OF_OWN: Final = 0.0
"""Of memory that is this process's alone, or was asked for: by how much a training wavers is known when it is tried."""


def read_budget(given: int | None = None, *, free_on_device: int | None = None) -> Budget:
    """The memory that a training in this process may take.

    Args:
        given: bytes that it may hold in all, what it holds already among them. None
            reads the limits of device, control group, process and machine.
        free_on_device: bytes that are free on the device where the model is; None where that is the processor.

    Raises:
        UsageError: no limit is known, or this process holds more already.
    """
    counts = Counted.RESIDENT if free_on_device is None else Counted.DEVICE
    if given is not None:
        return _given(given, counts, holds=_holds(counts))
    if free_on_device is not None:
        source = "the device's free memory"
        return tightest([Limit(left=free_on_device, counts=counts, source=source, shared=True)], {})
    there = limits()
    return tightest(there, {limit.counts: _holds(limit.counts) for limit in there})


def tightest(there: Sequence[Limit], holds: dict[Counted, int]) -> Budget:
    """The budget that the tightest of several limits leaves.

    Args:
        there: the limits.
        holds: bytes that this process holds of each unit.

    Raises:
        UsageError: there is none.

    >>> from kilter.finders.limits import Limit
    >>> free = Limit(left=1000, counts=Counted.RESIDENT, source="the machine's free memory", shared=True)
    >>> tightest([free], {Counted.RESIDENT: 50}).bytes
    950
    """
    if not there:
        raise UsageError(
            "this system does not tell how much memory is free", remedy="say how much may be taken: budget=BYTES"
        )
    limit = min(there, key=lambda one: one.left * (1 - _kept(one)))
    free = round(limit.left * (1 - _kept(limit)))
    return Budget(
        bytes=holds.get(limit.counts, 0) + free, counts=limit.counts, source=limit.source, kept_back=_kept(limit)
    )


def _given(most: int, counts: Counted, holds: int) -> Budget:
    if most <= holds:
        raise UsageError(
            f"a budget of {most / 2**20:,.0f} MiB",
            legal=f"this process holds {holds / 2**20:,.0f} MiB already, which count",
            remedy="give more, or leave it out to have it read",
        )
    free = round((most - holds) * (1 - KEPT_OF_OWN))
    return Budget(bytes=holds + free, counts=counts, source="asked", kept_back=KEPT_OF_OWN)


def _kept(limit: Limit) -> float:
    return KEPT_OF_SHARED if limit.shared else KEPT_OF_OWN


def _holds(counts: Counted) -> int:
    return 0 if counts is Counted.DEVICE else held(counts) or 0
