"""Augmentation that draws anew for each example and each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.rows import fingerprints
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.trees import leaves, size
from kilter.values.finding import Finding, Severity, Skipped, Strength

_READ: Final = 64
"""Rows that are read while seeds are listened to."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedNoise(ProgramProbe):
    """Random changes of the training rows differ from row to row and from epoch to epoch.

    **What it proves.** The loader seeds a generator with the same number again and again: each row gets the same
    "random" change, or each epoch repeats the one before; or a generator of the data set's own is copied into every
    worker process, which then draw the same numbers. The augmentation is less than it seems; where the global
    generators are seeded, dropout repeats, too.

    **How.** Global random states after the first batch of two epochs, which began from different ones; seeds that are
    given to generators while rows are read; two readings of one row from the same global state, where there are worker
    processes.

    **When it stays silent.** Random states differ, seeds differ from row to row, or no random numbers are drawn.

    **What it costs.** One reading of the loaders, shared with other checks, and some rows more.

    **Source.** Roboszczyk 2021, Using PyTorch + NumPy? You're making a mistake; PyTorch documentation, Randomness in
    multi-process data loading.
    """

    code: ClassVar[str] = "B115"
    name: ClassVar[str] = "repeated-noise"
    same: float = 0.9  # of the seeds

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        told = self._global_reset(bench) or self._seeds(bench) or self._copied(bench)
        if not read.train.batches or told is None:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            causes=("duplicate_augmentation_seed",),
            seen=told,
            advice="Seed once, before training; in worker processes from `torch.initial_seed()`, and never per row.",
        )

    def _global_reset(self, bench: Bench) -> str | None:
        first, second = given(bench).train.reached, given(bench).again.reached
        if first is None or second is None:
            return None
        names = [name for name in ("torch", "numpy", "python") if _equal(getattr(first, name), getattr(second, name))]
        if not names:
            return None
        return (
            f"Reading the first batch of an epoch sets the global random state of {' and '.join(names)} to the same"
            " numbers in each epoch."
        )

    def _seeds(self, bench: Bench) -> str | None:
        """The same seed for row after row."""
        made = bench.made()
        rows = 0
        with left_as_found(), _seeds_noted() as seeds, persons_code("Reading the training loader"):
            loader = iter(made.train)
            seeds.clear()  # the loader's own
            for batch in loader:
                rows += size(batch) or 0
                if rows >= _READ:
                    break
        if not seeds or rows < 4:  # too few to repeat anything
            return None
        seed, times = Counter(seeds).most_common(1)[0]
        first, second = fingerprints(bench, given(bench).train), fingerprints(bench, given(bench).again)
        varied = first is None or second is None or len(np.unique(first)) > 1
        if times >= max(4, self.same * len(seeds)) and times >= 0.5 * rows and varied:  # row after row
            return f"A generator was seeded with {seed} {times} times while {rows} rows were read."
        return None

    def _copied(self, bench: Bench) -> str | None:
        """A generator that the data set carries into its workers."""
        loader: Any = bench.made().train
        workers = getattr(loader, "num_workers", 0) or 0
        dataset = getattr(loader, "dataset", None)
        if not workers or getattr(loader, "worker_init_fn", None) is not None or not hasattr(dataset, "__getitem__"):
            return None
        with left_as_found(), persons_code("Reading a row of the training data"):
            seed_everything(bench.seed)
            rows: Any = dataset
            first = rows[0]
            seed_everything(bench.seed)
            second = rows[0]
        left, right = leaves(first), leaves(second)
        if all(torch.equal(left[path], right[path]) for path in left if path in right):
            return None
        return (
            f"A row of the data set comes out otherwise each time although the global generators are the same: its own"
            f" generator is copied into {workers} worker processes, which draw the same numbers, and anew each epoch."
        )


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(_equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, np.ndarray):
        return bool(np.array_equal(left, right))
    return bool(left == right)


@contextmanager
def _seeds_noted() -> Iterator[list[Any]]:
    """Inside, seeds that are given to generators of torch and NumPy are noted."""
    noted: list[Any] = []
    before: tuple[Any, ...] = (torch.Generator, np.random.default_rng, np.random.RandomState, torch.manual_seed)

    class Noting(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            noted.append(seed)
            return super().manual_seed(seed)

    def default_rng(seed: Any = None) -> Any:
        if isinstance(seed, int):
            noted.append(seed)
        return before[1](seed)

    class NotingState(np.random.RandomState):
        def __init__(self, seed: Any = None) -> None:
            if isinstance(seed, int):
                noted.append(seed)
            super().__init__(seed)

    def manual_seed(seed: int) -> torch.Generator:
        noted.append(seed)
        seeded: torch.Generator = before[3](seed)
        return seeded

    patched: list[tuple[Any, str, Any]] = [
        (torch, "Generator", Noting),
        (np.random, "default_rng", default_rng),
        (np.random, "RandomState", NotingState),
        (torch, "manual_seed", manual_seed),
    ]
    try:
        for place, name, stand_in in patched:
            setattr(place, name, stand_in)
        yield noted
    finally:
        for (place, name, _), original in zip(patched, before, strict=True):
            setattr(place, name, original)
