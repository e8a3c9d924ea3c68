"""How long a training is going to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kilter.checks.program.bench import Bench


def batches_an_epoch(loader: Iterable[Any]) -> int | None:
    """How many batches a loader gives; None where only reading it would tell."""
    try:
        return len(loader)  # type: ignore[arg-type]  # whoever has no length says so
    except TypeError:
        return None


def planned_batches(bench: Bench) -> int | None:
    """All batches of the whole training; None where its length is not known."""
    count = batches_an_epoch(bench.made().train)
    return None if count is None or bench.program.epochs is None else count * bench.program.epochs
