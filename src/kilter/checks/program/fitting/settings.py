"""The settings of a program's optimizers, as its recorded updates met them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench


def groups_of(bench: Bench) -> tuple[Mapping[str, Any], ...]:
    """Of each optimizer its groups at its first recorded update."""
    first: dict[int, tuple[Mapping[str, Any], ...]] = {}
    for update in bench.recording.updates:
        first.setdefault(update.optimizer, update.groups)
    return tuple(group for groups in first.values() for group in groups)


def momentum_of(bench: Bench) -> float:
    """The highest momentum, or its like in Adam."""
    return max((momentum(group) for group in groups_of(bench)), default=0.0)


def plain_momentum(bench: Bench) -> float:
    """The highest momentum that makes updates longer: not that of Adam, which is an average."""
    return min(0.999, max((number(group.get("momentum")) for group in groups_of(bench)), default=0.0))


def momentum(group: Mapping[str, Any]) -> float:
    """The share of the last update that goes on in the next one.

    >>> momentum({"momentum": 0.9}), momentum({"betas": (0.95, 0.999)}), momentum({})
    (0.9, 0.95, 0.0)
    """
    betas = group.get("betas")
    first = betas[0] if isinstance(betas, list | tuple) and betas else 0.0
    return max(number(group.get("momentum")), number(first))


def number(value: Any) -> float:
    """A setting as a number; 0 where it is none.

    >>> number(0.1), number(None), number(True), number("sum")
    (0.1, 0.0, 0.0, 0.0)
    """
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
