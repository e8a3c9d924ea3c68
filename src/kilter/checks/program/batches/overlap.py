"""Validation rows that are training rows, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, final

import numpy as np

from kilter.checks.program.batches.columns import columns
from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.references import distances, scaled
from kilter.checks.program.batches.rows import fingerprints, repeated, shared
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, percent
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOverlap(ProgramProbe):
    """Rows of validation are not rows of training.

    **What it proves.** A share of the validation inputs was trained on, as it is or all but so: the score measures
    memory there, and overfitting is not seen.

    **How.** Rows of all inputs are compared number by number; rows of numbers also by the distance to the nearest
    training row, which a copy with a little noise undercuts by far. What duplicates within training make likely is
    taken off.

    **When it stays silent.** No more validation rows stand in training than training rows stand there twice, plus
    `margin` and what chance allows. A note where nothing is predicted of unseen rows (task `other` or `contrastive`).

    **What it costs.** One reading of the loaders, and the distances of some hundred rows.

    **Source.** Kapoor and Narayanan 2023, Leakage and the reproducibility crisis (Patterns 4), L1.2 and L1.4.
    """

    code: ClassVar[str] = "B104"
    name: ClassVar[str] = "rows-in-both-splits"
    margin: float = 0.05  # of the validation rows, and half over the root of their number
    near: float = 0.1  # of the usual distance between training rows and their nearest
    most: int = 1000  # rows whose distances are taken

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        if read.valid is None or not read.valid.batches or not read.train.batches:
            yield Skipped(name=self.name, reason="there is no validation loader")
            return
        train, valid = fingerprints(bench, read.train), fingerprints(bench, read.valid)
        if (
            train is None or valid is None or len(np.unique(train)) < 0.2 * len(train)
        ):  # few values: rows repeat by nature
            yield Skipped(name=self.name, reason="inputs are no rows that could be told apart")
            return
        both, within = float(shared(valid, train).mean()), float(repeated(train).mean())
        allowed = within + self.margin + 0.5 / np.sqrt(len(valid))
        how = "exactly"
        if both <= allowed:
            near = self._near(bench)
            if near is None:
                return
            both, within = near
            allowed = within + self.margin + 0.5 / np.sqrt(min(self.most, len(valid)))
            how = "nearly"
            if both <= allowed:
                return
        supervised = bench.program.task not in (Kind.OTHER, Kind.CONTRASTIVE)
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if supervised else Severity.NOTE,
            strength=Strength.PROVED,
            causes=("train_val_leak",),
            seen=f"{percent(both)} of {counted(len(valid), 'validation row')} stand {how} in training, where only"
            f" {percent(within)} of the rows stand twice.",
            advice="Split before rows are copied, augmented or windowed, and drop from training what validation has.",
            evidence={"share": both, "within_training": within, "how": how, "rows": len(valid)},
        )

    def _near(self, bench: Bench) -> tuple[float, float] | None:
        """Shares of validation and of training rows that are closer to a training row than rows are."""
        found = columns(bench)
        if found is None or not found.numeric or found.train.shape[1] < 4:  # in few columns rows are near by chance
            return None
        finite = [rows[np.isfinite(rows).all(1)] for rows in (found.train, found.valid)]
        if min(len(finite[0]), len(finite[1])) < 20:  # no distance is usual among fewer
            return None
        wide = np.unique(np.linspace(0, found.train.shape[1] - 1, min(200, found.train.shape[1])).astype(int))
        some = np.random.default_rng(0)
        valid = finite[1][some.permutation(len(finite[1]))[: self.most]]
        raw = finite[0][:, wide], valid[:, wide]
        spaces = [tuple(scaled(*raw)), raw]  # noise that was added is as wide as a rare column in the first
        shares = [share for space in spaces if (share := self._nearer(space[0], space[1], some)) is not None]
        return max(shares, key=lambda pair: pair[0] - pair[1], default=None)

    def _nearer(self, train: Matrix, asked: Matrix, some: np.random.Generator) -> tuple[float, float] | None:
        if train.shape[1] < 4:  # in few columns rows are near by chance
            return None
        own = some.permutation(len(train))[: self.most]
        apart = distances(train[own], train)
        apart[np.arange(len(own)), own] = np.inf
        among = np.sqrt(apart.min(1))
        usual = float(np.median(among))
        if usual <= 0:
            return None
        across = np.sqrt(distances(asked, train).min(1))
        return float((across < self.near * usual).mean()), float((among < self.near * usual).mean())
