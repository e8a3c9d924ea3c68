"""Rows that do not belong, loaders that run dry, targets that say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
import torch

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.columns import columns
from kilter.checks.program.batches.given import given, named
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted, shown
from kilter.engine.trees import size, take
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OneTarget(ProgramProbe):
    """Targets differ.

    **What it proves.** All training rows have one target: a constant answers it perfectly, and nothing of the inputs
    is learnt. A column was read wrongly, a filter went too far, or labels were never filled in.

    **How.** The different targets of an epoch are counted.

    **When it stays silent.** There are two or more. A note where the task is of another kind (`other`), which may well
    have such targets.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** Karpathy 2019, A recipe for training neural networks: become one with the data.
    """

    code: ClassVar[str] = "B121"
    name: ClassVar[str] = "one-target"
    fewest: int = 10  # rows

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        if bench.program.task in (Kind.CONTRASTIVE, Kind.GENERATION):
            yield Skipped(name=self.name, reason="targets are the inputs themselves")
            return
        for path in bench.roles.targets:
            joined = given(bench).train.joined(path)
            if joined is None or len(joined) < self.fewest or not bool((joined == joined[:1]).all()):
                continue
            if joined.reshape(len(joined), -1).shape[1] > 1 and bench.program.task is Kind.TAGGING:
                continue
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.NOTE if bench.program.task is Kind.OTHER else Severity.FAILURE,
                strength=Strength.PROVED,
                causes=("task_trivial", "data_anomaly"),
                seen=f"All {counted(len(joined), 'training row')} have one target, {_value(joined)}.",
                advice="Look where targets are read, filtered and encoded.",
                where=(named(path),),
                evidence={"rows": len(joined), "target": _value(joined)},
            )
            return


def _value(joined: Tensor) -> str:
    return ", ".join(f"{float(number):.4g}" for number in joined[0].flatten()[:4])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DryLoader(ProgramProbe):
    """Loaders give their batches anew each epoch.

    **What it proves.** A loader gives nothing: from the start, or from its second pass on, since it is a generator
    that ran dry. What follows trains or judges nothing.

    **How.** Both loaders are read twice.

    **When it stays silent.** Both give batches each time; or there is one epoch only.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** Python's documentation: generators can be gone over once.
    """

    code: ClassVar[str] = "B122"
    name: ClassVar[str] = "dry-loader"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        read = given(bench)
        several = (bench.program.epochs or 1) > 1
        for split, first, second in (
            ("training", read.train, read.again),
            ("validation", read.valid, read.valid_again),
        ):
            if first is None or second is None:
                continue
            empty = not first.batches
            dry = several and first.whole and not second.batches and not empty
            if not empty and not dry:
                continue
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                causes=("data_anomaly",),
                seen=f"The {split} loader gives no batch."
                if empty
                else f"The {split} loader gives {len(first.batches)} batches once, and none in the second epoch.",
                advice="Hand over a loader that can be gone over each epoch, and look at what its filter leaves."
                if empty
                else "Hand over a loader or a list rather than a generator.",
                evidence={"split": split, "first": len(first.batches), "second": len(second.batches)},
            )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HugeRows(ProgramProbe):
    """No few rows decide everything.

    **What it proves.** A handful of rows hold numbers thousands of times as large as all others, and their loss drowns
    that of the rest: one wrong unit or a code for "missing" (9999) moves every weight.

    **How.** Numbers are measured against the middle 90 % of their column. The program's loss is then taken on a batch
    with such a row, and on the same batch without it.

    **When it stays silent.** No column has such numbers, they are not few, or the loss with them is no more than
    `drowned` times that without.

    **What it costs.** One reading of the loaders, shared with other checks, and two forward passes where
    there are some.

    **Source.** Breck et al. 2019, Data validation for machine learning (MLSys).
    """

    code: ClassVar[str] = "B123"
    name: ClassVar[str] = "huge-rows"
    huge: float = 100.0  # times the width of the middle 90 %, beyond it
    few: float = 0.05  # of the rows, as many as lie beyond the middle on one side
    drowned: float = 10.0  # times the loss without such a row

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found, target = columns(bench), answers(bench)
        blocks = [] if found is None else [(found.names, found.train[:, found.numbers])]
        if target is not None and not target.classes:
            blocks.append(((f"target {named(target.path)}",) * target.train.shape[1], np.asarray(target.train)))
        for names, numbers in blocks:
            if len(numbers) < 50 or not np.isfinite(numbers).all():  # no middle of fewer; see numbers-missing
                continue
            low, high = np.quantile(numbers, (0.05, 0.95), axis=0)
            width = np.where(high > low, high - low, np.inf)
            beyond = np.maximum(numbers - high, low - numbers) > self.huge * width
            rows = np.flatnonzero(beyond.any(1))
            if not len(rows) or len(rows) > max(1, self.few * len(numbers)):
                continue
            tried = [self._drowned(bench, int(row)) for row in rows[:8]]  # a guess may be right by chance
            times = max((one for one in tried if one is not None), default=0.0)
            if times < self.drowned:
                continue
            where = [names[int(at)] for at in np.flatnonzero(beyond.any(0))]
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE if times > 10 * self.drowned else Severity.WARNING,
                strength=Strength.PROVED,
                causes=("data_anomaly",),
                seen=f"{counted(len(rows), 'training row')} of {len(numbers):,} {'hold' if len(rows) > 1 else 'holds'}"
                f" numbers more than {self.huge:g} times beyond the others'; the loss of a batch is {times:,.3g} times"
                " as large with one of them.",
                advice="Look at these rows: drop or correct them, or mark what is missing as missing.",
                where=shown(where),
                evidence={"rows": len(rows), "times": times, "columns": len(where)},
            )
            return

    def _drowned(self, bench: Bench, row: int) -> float | None:
        """The loss of a batch with the row over that of the batch without it."""
        made = bench.made()
        for batch in given(bench).train.batches:
            rows = size(batch) or 0
            if row >= rows:
                row -= rows
                continue
            if rows < 2:  # nothing is left without it
                return None
            losses = []
            for part in (batch, take(batch, [at for at in range(rows) if at != row])):
                loss = bench.peek(made, part, training=False).loss
                losses.append(float("nan") if loss is None else abs(float(loss.detach())))
            whole = torch.isfinite(torch.tensor(losses)).all()
            return losses[0] / max(losses[1], 1e-9) if bool(whole) else None
        return None
