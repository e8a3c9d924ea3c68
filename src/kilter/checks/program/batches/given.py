"""What the loaders of a program give: two epochs of training batches and two passes over validation, read once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.engine.seeding import random_state, seed_everything
from kilter.engine.trees import apart, leaves, size

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.checks.program.bench import Bench
    from kilter.engine.seeding import RandomState
    from kilter.engine.trees import Path

ROWS: Final = 4096
"""Rows of a loader that are read at most."""

NUMBERS: Final = 20_000_000
"""Numbers that are kept of a loader at most."""

SECONDS: Final = 2.0
"""Time after which reading of a slow loader ends."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What one pass over a loader gave.

    Attributes:
        batches: in order.
        whole: whether the loader ended by itself.
        seconds: how long it took.
        reached: the global random states after the first batch; None without a batch.
    """

    batches: tuple[Any, ...]
    whole: bool
    seconds: float
    reached: RandomState | None

    @property
    def rows(self) -> int:
        """Examples in all batches."""
        return sum(size(batch) or 0 for batch in self.batches)

    def parts(self, path: Path) -> list[Tensor] | None:
        """One tensor of each batch; None where a batch is without it or it has no rows."""
        found = []
        for batch in self.batches:
            tensor = leaves(batch).get(path)
            if tensor is None or not tensor.ndim or tensor.shape[0] != size(batch):
                return None
            found.append(tensor.detach())
        return found or None

    def joined(self, path: Path) -> Tensor | None:
        """One tensor of all batches; None where a batch is without it or shapes differ."""
        parts = self.parts(path)
        if parts is None or len({part.shape[1:] for part in parts}) > 1:
            return None
        return torch.cat([part.to("cpu") for part in parts])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Two epochs of training and two passes over validation, each pair from one making.

    Attributes:
        train: the first epoch.
        again: the second epoch; the global generators were seeded otherwise before it.
        valid: the first pass over validation; None where there is no loader.
        valid_again: the second one.
    """

    train: Read
    again: Read
    valid: Read | None
    valid_again: Read | None


def given(bench: Bench) -> Given:
    """What the loaders give; read once for all checks."""
    return bench.once(("given",), lambda: _read_all(bench))


def _read_all(bench: Bench) -> Given:
    made = bench.made()
    train = _read(made.train, bench.seed, "training")
    again = _read(made.train, bench.seed + 1, "training")
    valid = valid_again = None
    if made.valid is not None:
        valid = _read(made.valid, bench.seed + 2, "validation")
        valid_again = _read(made.valid, bench.seed + 3, "validation")
    return Given(train=train, again=again, valid=valid, valid_again=valid_again)


def _read(loader: Iterable[Any], seed: int, name: str) -> Read:
    seed_everything(seed)
    batches: list[Any] = []
    rows = numbers = 0
    reached = None
    began = time.perf_counter()
    whole = True
    with persons_code(f"Reading the {name} loader"):
        for batch in loader:
            batches.append(apart(batch))  # a loader may write the next one into the same tensors
            if reached is None:
                reached = random_state()
            rows += size(batch) or 1
            numbers += sum(tensor.numel() for tensor in leaves(batch).values())
            if rows >= ROWS or numbers >= NUMBERS or time.perf_counter() - began > SECONDS:
                whole = False
                break
    return Read(batches=tuple(batches), whole=whole, seconds=time.perf_counter() - began, reached=reached)


def named(path: Path) -> str:
    """A place in a batch in words."""
    return ".".join(str(part) for part in path) or "the batch"
