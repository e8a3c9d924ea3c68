"""The same inputs with different targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.labels import has_labels
from kilter.checks.data.rows import Rows, gather, stacked
from kilter.checks.data.targets import each_target
from kilter.checks.wording import counted, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ContradictingTargets(Check[Dataset]):
    """Rows whose inputs are the same and whose targets differ, and the ceiling that follows.

    **What it proves.** Whatever the model, it answers equal inputs equally, so that it cannot be right on all of them.
    With n rows, and m(x) rows of the most frequent target among those with inputs x, no accuracy on these rows exceeds
    sum over x of m(x) / n. For amounts, no R² exceeds 1 - (squares about the means of equal inputs) / (squares about
    the mean).

    **How.** Over all splits together; inputs are compared exactly, columns that only name rows do not count.

    **When it stays silent.** Equal inputs have equal targets. A note rather than a warning where the ceiling is lost
    by less than `warn_loss`, where the target is a text, of which several may be right, and where equal inputs are a
    matter of course (each column has few values, or shuffling each column by itself gives nearly as many: there the
    target is a matter of chance, not of error). It is never a failure: the rest can be learnt.

    **What it costs.** One pass over the cells.

    **Source.** Northcutt, Athalye and Mueller 2021, Pervasive label errors in test sets destabilize machine learning
    benchmarks (NeurIPS, data sets and benchmarks).
    """

    code: ClassVar[str] = "D103"
    name: ClassVar[str] = "contradicting-targets"
    warn_loss: float = 0.01  # of the ceiling, in accuracy or R²
    by_chance: float = 3.0  # explained where they are at most so many times those of shuffled columns
    few_values: int = 30  # distinct values a column; a table of such columns is coarse
    few_words: int = 0  # even a single word with two labels cannot be told apart

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if subject.schema.stream:
            yield Skipped(name=self.name, reason="the rows are one text, cut at equal lengths")
            return
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        rows = gather(subject, few_values=self.few_values, few_words=self.few_words)
        if rows is None:
            yield Skipped(name=self.name, reason="no row has an input")
            return
        known = rows.target >= 0
        against = _against(rows.exact, rows.target)
        if not against.any():
            return
        amounts, texts = subject.schema.target_kind is Kind.NUMBER, subject.schema.target_kind is Kind.TEXT
        ceiling = self._ceiling_of_r2(subject, rows) if amounts else self._ceiling_of_accuracy(rows, known)
        chance = _against(rows.shuffled(), rows.target).sum()
        telling = (against & rows.telling).sum()
        severe = not texts and 1 - ceiling >= self.warn_loss and telling > 0 and against.sum() > self.by_chance * chance
        measure = "R²" if amounts else "accuracy" if has_labels(subject.schema) else "share of rows right throughout"
        limit = (
            f"no model exceeds {measure} {ceiling:.4g} on these data"
            if amounts or has_labels(subject.schema)
            else f"no model answers more than {percent(ceiling)} of these rows as they are answered"
        )
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if severe else Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{counted(int(against.sum()), 'row')} of {known.sum():,} ({percent(against.sum() / known.sum())})"
            f" have inputs that also occur with another target, so that {limit}.",
            advice="Look at the rows, settle their targets or drop them; or add the input that tells them apart.",
            causes=("label_noise", "label_misaligned"),
            where=shown(_together(rows, against)),
            evidence={
                "rows": int(known.sum()),
                "contradicted": int(against.sum()),
                "inputs": len(np.unique(rows.exact[against])),
                "contradicted with shuffled columns": int(chance),
                "measure": measure,
                "ceiling": ceiling,
            },
        )

    def _ceiling_of_accuracy(self, rows: Rows, known: NDArray[np.bool_]) -> float:
        pairs, counts = np.unique(np.stack([rows.exact[known], rows.target[known]], 1), axis=0, return_counts=True)
        most = np.zeros(int(rows.exact.max()) + 1, np.int64)
        np.maximum.at(most, pairs[:, 0], counts)
        return float(most.sum() / known.sum())

    def _ceiling_of_r2(self, subject: Dataset, rows: Rows) -> float:
        values = stacked(subject, subject.schema.target).astype(np.float64)[rows.place]
        finite = np.isfinite(values)
        values, inputs = values[finite], rows.exact[finite]
        counts = np.maximum(np.bincount(inputs), 1)
        means = np.bincount(inputs, weights=values) / counts
        whole = float(((values - values.mean()) ** 2).sum())
        return 1 - float(((values - means[inputs]) ** 2).sum()) / whole if whole else 1.0


def _against(inputs: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows have a target, and inputs that occur with another one, too."""
    known = target >= 0
    pairs = np.unique(np.stack([inputs[known], target[known]], axis=1), axis=0)
    kinds = np.bincount(pairs[:, 0], minlength=int(inputs.max(initial=0)) + 1)
    return known & (kinds[inputs] > 1)


def _together(rows: Rows, against: NDArray[np.bool_]) -> list[str]:
    """Ids of contradicting rows, those of equal inputs side by side."""
    at = np.flatnonzero(against)
    return [str(name) for name in rows.ids[at[np.argsort(rows.exact[at], kind="stable")]]]
