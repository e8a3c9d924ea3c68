"""One column of the inputs that gives the target away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, final

import numpy as np

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.columns import columns
from kilter.checks.program.batches.references import LEARNERS, crossed, one_hot
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Giveaway(ProgramProbe):
    """No single column of the inputs tells the target where all the others cannot.

    **What it proves.** One number of the input by itself predicts the target nearly perfectly, and the others
    together do not come near: it was most likely made from the target, or after it, and will not be there, or mean
    nothing, when the model is used.

    **How.** For each column, the share of its variance that goes with the target (squared correlation, or that
    between the classes). The foremost is then asked alone, and the others without it, by cross-validation of cheap
    learners.

    **When it stays silent.** No column reaches `alone`; the others reach within `gap` of it, as in an easy task, and
    leave open no more than `sharper` times what it leaves; there are fewer than `fewest` columns, where one may well
    be the whole story.

    **What it costs.** Correlations; and some fits of cheap learners where a column stands out.

    **Source.** Kaufman et al. 2012, Leakage in data mining (TKDD 6); Kapoor and Narayanan 2023 (Patterns 4), L2.
    """

    code: ClassVar[str] = "B106"
    name: ClassVar[str] = "giveaway-column"
    alone: float = 0.9  # of the way from a constant answer to perfection, by one column
    gap: float = 0.25  # that the others stay behind
    sharper: float = 10.0  # times as much as the column leaves open is left open by the others
    fewest: int = 3  # columns: one of two may well be half the story
    most: int = 800  # rows that are looked at

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found, target = columns(bench), answers(bench)
        if found is None or target is None or not found.numbers.any() or len(found.train) != len(target.train):
            yield Skipped(name=self.name, reason="inputs are no columns of numbers with a target each")
            return
        truth = (
            one_hot(np.maximum(target.train, 0).astype(np.int64), target.classes) if target.classes else target.train
        )
        legal = np.isfinite(found.train).all(1) & np.isfinite(truth).all(1)
        if target.classes:
            legal &= target.train >= 0
        at = np.flatnonzero(legal)
        at = at[np.random.default_rng(0).permutation(len(at))[: self.most]]
        if len(at) < 40 or found.numbers.sum() < self.fewest:  # chance makes columns stand out among fewer rows
            yield Skipped(name=self.name, reason="there are too few rows or columns for one of them to stand out")
            return
        rows, truth = found.train[at], np.asarray(truth[at], dtype=np.float64)
        going_along = _with_target(rows, truth, classes=bool(target.classes)) * found.numbers
        first = int(going_along.argmax())
        if going_along[first] < self.alone - self.gap:
            return
        classes = bool(target.classes)
        others = np.delete(rows, first, 1)
        wide = np.unique(np.linspace(0, others.shape[1] - 1, min(160, others.shape[1])).astype(int))
        by_itself = crossed(rows[:, [first]], truth, classes=classes, learners=LEARNERS)
        if by_itself < self.alone:
            return
        without = crossed(others[:, wide], truth, classes=classes)
        behind, noise = by_itself - without, 0.5 / np.sqrt(len(at))
        sharper = 1 - without > self.sharper * (1 - by_itself) and behind > 0.05 + noise  # a twentieth is not chance
        if behind < self.gap + noise and not sharper:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("target_leak",),
            seen=f"{found.names[first]} alone predicts the target at {by_itself:.2f} of the way from a constant answer"
            f" to perfection, all {len(found.names) - 1} other columns together at {without:.2f}.",
            advice=f"Find out how {found.names[first]} is made; leave it out if it would not be known beforehand.",
            where=(found.names[first],),
            evidence={"column": found.names[first], "alone": by_itself, "without": without, "rows": len(at)},
        )


def _with_target(rows: Matrix, truth: Matrix, *, classes: bool) -> Matrix:
    """Share of each column's variance that goes with the target."""
    centred = rows - rows.mean(0)
    total = np.maximum((centred**2).sum(0), 1e-30)
    alive = (centred**2).sum(0) > 1e-12 * (1 + (rows**2).sum(0))  # rounding of a constant
    if classes:
        counts = truth.sum(0)
        sums = truth[:, counts > 0].T @ centred
        share: Matrix = (sums**2 / counts[counts > 0][:, None]).sum(0) / total
    else:
        own = truth - truth.mean(0)
        share = ((own.T @ centred) ** 2 / np.maximum((own**2).sum(0), 1e-30)[:, None]).max(0) / total
    along: Matrix = share * alive
    return along
