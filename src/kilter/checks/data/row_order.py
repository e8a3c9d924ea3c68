"""Rows that stand in the order of their targets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import codes
from kilter.checks.data.labels import has_labels, labels_of
from kilter.checks.data.targets import each_target
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RowOrder(Check[Dataset]):
    """The training rows are sorted, or follow each other in time.

    **What it proves.** Neighbours are more alike than chance allows. A split that cuts the file, or a loader that does
    not shuffle, then sees one kind of row at a time; and where the order is that of time, a random split lets the
    model look into the future.

    **How.** Classes: neighbours with different labels are counted against the number that a random order would have
    (Wald and Wolfowitz 1940, Annals of Mathematical Statistics 11(2), for more than two kinds). Amounts: the
    correlation of a target with the next.

    **When it stays silent.** Changes of label above `most_changes` of those expected; correlations below
    `least_correlation` or within `sigmas` standard errors of 0. It is a note: training shuffles its rows each epoch.

    **What it costs.** One pass over the targets.
    """

    code: ClassVar[str] = "D116"
    name: ClassVar[str] = "row-order"
    most_changes: float = 0.5  # of the changes of label that a random order has
    least_correlation: float = 0.3  # of an amount with the next
    sigmas: float = 5.0  # standard errors by which either must differ from chance
    fewest: int = 50  # rows below which no order is judged

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if "train" not in subject or len(subject["train"]) < self.fewest:
            yield Skipped(name=self.name, reason=f"there are fewer than {self.fewest} training rows")
            return
        train, schema = subject["train"], subject.schema
        if has_labels(schema):
            found = self._sorted(codes(labels_of(train, schema.target)))
        elif schema.target_kind is Kind.NUMBER:
            found = self._follows(train.columns[schema.target].astype(np.float64))
        else:
            yield Skipped(name=self.name, reason="a row has no single target")
            return
        if found is None:
            return
        seen, evidence = found
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=seen,
            advice="Shuffle the rows wherever they are cut or batched; where the order is that of time, split by time.",
            causes=("no_shuffle_sorted", "unshuffled_split"),
            evidence=evidence,
        )

    def _sorted(self, labels: NDArray[np.int64]) -> tuple[str, dict[str, float]] | None:
        n, counts = len(labels), np.bincount(labels)
        differ = 1 - float((counts * (counts - 1)).sum()) / (n * (n - 1))
        expected, changes = (n - 1) * differ, int((labels[1:] != labels[:-1]).sum())
        deviation = math.sqrt(max((n - 1) * differ * (1 - differ), 1.0))
        if changes > self.most_changes * expected or expected - changes < self.sigmas * deviation:
            return None
        seen = (
            f"The label changes {changes:,} times between neighbouring training rows, and a random order would"
            f" change it about {expected:,.0f} times: the rows are sorted, at least in part."
        )
        return seen, {"changes": changes, "changes of a random order": expected}

    def _follows(self, target: NDArray[Any]) -> tuple[str, dict[str, float]] | None:
        target = target[np.isfinite(target)]
        if len(target) < self.fewest or not np.ptp(target):
            return None
        ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable").astype(np.float64)
        correlation = float(np.corrcoef(ranks[1:], ranks[:-1])[0, 1])
        if correlation < self.least_correlation or correlation * math.sqrt(len(target)) < self.sigmas:
            return None
        seen = (
            f"A training row's target correlates with the next row's ({correlation:.2f} by rank, over {len(target):,}"
            " rows): the rows are sorted, or follow each other in time."
        )
        return seen, {"correlation": correlation, "rows": len(target)}
