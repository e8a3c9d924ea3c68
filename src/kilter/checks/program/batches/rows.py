"""Rows of inputs, told apart by a fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from kilter.engine.trees import leaves, size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.checks.program.batches.given import Read
    from kilter.checks.program.bench import Bench

    Prints: TypeAlias = NDArray[np.uint64]


def fingerprints(bench: Bench, read: Read) -> Prints | None:
    """A number for each row of all inputs together, the same for the same numbers; None where inputs are no rows.

    Padding at the right end changes nothing, so that batches of different lengths compare.
    """
    return bench.once(("fingerprints", id(read)), lambda: _fingerprints(bench, read))


def _fingerprints(bench: Bench, read: Read) -> Prints | None:
    found = []
    for batch in read.batches:
        rows = size(batch)
        tensors = leaves(batch)
        prints = None
        for path in bench.roles.inputs:
            tensor = tensors.get(path)
            if tensor is None or not tensor.ndim or tensor.shape[0] != rows:
                continue
            own = _hashed(tensor.detach().to("cpu"))
            prints = own if prints is None else prints * np.uint64(1_000_003) + own
        if prints is None:
            return None
        found.append(prints)
    return np.concatenate(found) if found else None


def _hashed(tensor: torch.Tensor) -> Prints:
    """A sum of the numbers' bits, each times an odd number of its place: exact, and quick for wide rows."""
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    flat = tensor.reshape(len(tensor), -1)
    numbers = flat.to(torch.float32) if flat.is_floating_point() else flat.to(torch.int64)
    exact = numbers.contiguous().numpy()
    bits = (
        (exact + np.float32(0)).view(np.uint32).astype(np.uint64)
        if exact.dtype == np.float32
        else exact.view(np.uint64)
    )
    places = np.random.default_rng(0).integers(1, 2**63, bits.shape[1], dtype=np.uint64) | np.uint64(1)
    mixed = bits ^ (bits >> np.uint64(7))
    hashed: Prints = (mixed * places).sum(1, dtype=np.uint64)
    return hashed


def distinct_rows(prints: Prints) -> int:
    """How many different rows there are."""
    return len(np.unique(prints))


def shared(prints: Prints, others: Prints) -> NDArray[np.bool_]:
    """Which rows also stand among the others."""
    found: NDArray[np.bool_] = np.isin(prints, others)
    return found


def repeated(prints: Prints) -> NDArray[np.bool_]:
    """Which rows stand there more than once."""
    _, back, counts = np.unique(prints, return_inverse=True, return_counts=True)
    found: NDArray[np.bool_] = counts[back] > 1
    return found
