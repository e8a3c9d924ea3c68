"""Naming the examples of a batch in what was found about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from kilter.values.finding import Finding

NAMED: Final = 64
"""Examples that a finding names at most."""


def named(finding: Finding, ids_of: Callable[[int], Sequence[str]], rows: Sequence[int] = ()) -> Finding:
    """A finding about one step's batch (`batch` in its evidence), with the ids of its examples in `where`.

    Args:
        finding: any; one that is of no batch, or of one that nobody can name, comes back as it is.
        ids_of: the ids of the examples of a step; empty where they are not known.
        rows: of the batch, those that stand out; then only these are named, by their place where there are no ids.
    """
    step = finding.evidence.get("batch")
    if not isinstance(step, int):
        return finding
    ids = ids_of(step)
    chosen = [ids[row] for row in rows if row < len(ids)] if rows and ids else list(ids)
    if not ids:
        chosen = [f"row {row} of the batch" for row in rows]
    new = [name for name in chosen[:NAMED] if name not in finding.where]
    return replace(finding, where=(*finding.where, *new)) if new else finding


def words(ids: Iterable[Any]) -> tuple[str, ...]:
    """The ids of a step as words: its batches gave tensors, arrays, lists, or one id alone.

    >>> import numpy as np
    >>> words([["a", "b"], np.array([3, 4])])
    ('a', 'b', '3', '4')
    """
    said: list[str] = []
    for part in ids:
        listed = part.tolist() if hasattr(part, "tolist") else part
        said += [str(listed)] if isinstance(listed, str | int | float) else [str(each) for each in listed]
    return tuple(said)
