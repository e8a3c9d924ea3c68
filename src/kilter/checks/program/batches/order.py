"""Batches hold a mixture of what is to be learnt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, final

import numpy as np

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.rows import fingerprints
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.trees import size
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SortedBatches(ProgramProbe):
    """Batches are not sorted by what is to be learnt.

    **What it proves.** Examples of one class, or of near targets, come one after the other: each batch teaches a
    constant, and what it taught is forgotten with the next.

    **How.** The share of the targets' variance that lies between batches, against what it is when the same targets
    are dealt out at random.

    **When it stays silent.** It is within `most` of chance: rows in no order need no shuffling. One batch an epoch,
    batches of one row, and programs without classes or amounts cannot be sorted.

    **What it costs.** One reading of the training loader, shared with other checks.

    **Source.** Bengio 2012, Practical recommendations for gradient-based training, 3.1: examples in random order.
    """

    code: ClassVar[str] = "B105"
    name: ClassVar[str] = "sorted-batches"
    most: float = 0.4  # of the variance between batches, beyond chance
    dealt: int = 20  # random deals

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        target, read = answers(bench), given(bench)
        if target is None:
            yield Skipped(name=self.name, reason="targets are neither classes nor amounts of examples")
            return
        sizes = [size(batch) or 0 for batch in read.train.batches]
        truth = target.train
        if target.classes:
            legal = truth >= 0
            values = np.eye(target.classes)[np.where(legal, truth, 0).astype(np.int64)] * legal[:, None]
        else:
            values = np.nan_to_num(np.asarray(truth, dtype=np.float64))
        if len(sizes) < 3 or max(sizes) < 4 or sum(sizes) != len(values):  # too few to be in an order
            yield Skipped(
                name=self.name, reason="there are too few batches, or too few rows in them, to be in an order"
            )
            return
        batch_of = np.repeat(np.arange(len(sizes)), sizes)
        between = _between(values, batch_of)
        random = np.random.default_rng(0)
        chance = [_between(values[random.permutation(len(values))], batch_of) for _ in range(self.dealt)]
        beyond = between - float(np.mean(chance))
        if between <= max(chance) or beyond <= self.most:
            return
        first, second = fingerprints(bench, read.train), fingerprints(bench, read.again)
        same = first is not None and second is not None and np.array_equal(first[: len(second)], second[: len(first)])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            causes=("no_shuffle_sorted",),
            seen=f"{between:.0%} of the variance of the targets lies between batches, where a random order has"
            f" {float(np.mean(chance)):.0%}{', and each epoch has the same order' if same else ''}.",
            advice="Let the training loader shuffle (`shuffle=True`), over the whole set and not a small buffer.",
            evidence={"between": between, "by_chance": float(np.mean(chance)), "same_order": bool(same)},
        )


def _between(values: Matrix, batch_of: NDArray[np.int64]) -> float:
    """Share of the variance between batches."""
    total = float(((values - values.mean(0)) ** 2).sum())
    if total <= 0:
        return 0.0
    counts = np.bincount(batch_of)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, batch_of, values - values.mean(0))
    return float(((sums**2).sum(1) / np.maximum(counts, 1)).sum()) / total
