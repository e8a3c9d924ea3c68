"""An input that gives the target away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import codes, is_blank, missing
from kilter.checks.data.labels import has_labels, labels_of
from kilter.checks.data.lookups import (
    amounts_by_number,
    amounts_by_value,
    labels_by_number,
    labels_by_token,
    labels_by_value,
)
from kilter.checks.data.targets import each_target
from kilter.checks.wording import agreeing, counted, percent
from kilter.metrics.intervals import wilson
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Field, Kind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Leak(NamedTuple):
    """An input that says the target: how well, in words, and whether it is the target itself."""

    column: str
    skill: float
    said: str
    copy: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLeak(Check[Dataset]):
    """One input column alone answers nearly every held-out row rightly.

    **What it proves.** A table that looks the target up by this one column, made from half of the training rows, is
    right on the other half: it resolves at least `skill` of the errors of always answering the most frequent class, or
    explains at least `r2` of the variance of an amount. Either the column is made from the target, or known only after
    it, and will be absent when the model is used; or the task is trivial.

    **How.** Numbers: the nearest known number's label, or a line between the two nearest. Categories: the most
    frequent label, or the mean, of each value. Texts: one token for each class. Resolved errors must also exceed
    `surely` by the lower end of their Wilson interval, so that few rows prove nothing.

    **When it stays silent.** No column does. Images and pairs of columns are not tried; see `target-combination`.

    It is a warning, since the network will train well and its score is worth nothing; a failure only where the column
    holds the target itself, value for value.

    **What it costs.** A sorting of each column, of at most `rows` rows.

    **Source.** Kaufman et al. 2012, Leakage in data mining, ACM TKDD 6(4).
    """

    code: ClassVar[str] = "D113"
    name: ClassVar[str] = "target-leak"
    skill: float = 0.98  # share of the errors of the constant answer that the column resolves
    surely: float = 0.9  # the same, at the lower end of its interval
    r2: float = 0.995  # of an amount, on held-out rows
    purity: float = 0.99  # of the class in which a telling token stands
    rows: int = 20_000  # training rows that are looked at, at most
    fewest: int = 60  # training rows below which nothing is tried

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        schema = subject.schema
        if not (has_labels(schema) or schema.target_kind is Kind.NUMBER):
            yield Skipped(name=self.name, reason="a row has no single target")
            return
        train = subject.splits.get("train")
        if train is None or len(train) < self.fewest:
            yield Skipped(name=self.name, reason=f"there are fewer than {self.fewest} training rows")
            return
        known = np.flatnonzero(~missing(train.columns[schema.target]))
        chosen = np.random.default_rng(0).permutation(known)[: self.rows]
        sample = train.take(chosen)
        if len(sample) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} training rows have a target")
            return
        look = self._labels if has_labels(schema) else self._amounts
        leaks = [leak for field in schema.inputs if (leak := look(sample, field, schema.target)) is not None]
        if not leaks:
            return
        leaks.sort(key=lambda leak: (not leak.copy, -leak.skill))
        copies = [leak for leak in leaks if leak.copy]
        said = "; ".join(f"{leak.column!r} {leak.said}" for leak in leaks[:5])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if copies else Severity.WARNING,
            strength=Strength.PROVED if copies else Strength.MEASURED,
            seen=f"{counted(len(leaks), 'input column')} alone {agreeing(len(leaks), 'gives', 'give')} the target"
            f" {schema.target!r} away: {said}.",
            advice="Leave the column out, unless it is known before the target is and the task is that easy.",
            causes=("target_leak", "task_trivial"),
            where=tuple(leak.column for leak in leaks),
            evidence={"skill": {leak.column: leak.skill for leak in leaks}, "rows": len(sample)},
        )

    def _labels(self, sample: Table, field: Field, target: str) -> Leak | None:
        labels = codes(labels_of(sample, target))
        half = len(labels) // 2
        usual = int(np.bincount(labels[:half]).argmax())
        errors = labels[half:] != usual
        column, said = sample.columns[field.name], ""
        if field.kind is Kind.NUMBER:
            answers = labels_by_number(column[:half], labels[:half], column[half:])
        elif field.kind is Kind.CATEGORY:
            values = codes(column)
            answers = labels_by_value(values[:half], labels[:half], values[half:])
        elif field.kind in (Kind.TEXT, Kind.TOKENS):
            texts = [_text(cell) for cell in column]
            answers, telling = labels_by_token(texts[:half], labels[:half], texts[half:], purity=self.purity)
            said = f" by {', '.join(repr(token) for token in list(telling.values())[:3])}"
        else:
            return None
        wrong = int((answers != labels[half:]).sum())
        possible = int(errors.sum())
        resolved = max(0, possible - wrong)
        if not possible or resolved < self.skill * possible or wilson(resolved, possible).low < self.surely:
            return None
        copy = field.kind is Kind.CATEGORY and bool((labels_of(sample, field.name) == labels_of(sample, target)).all())
        share = percent(1 - wrong / len(answers))
        said = f"is the target itself{said}" if copy else f"is right on {share} of {len(answers):,} held-out rows{said}"
        return Leak(field.name, resolved / possible, said, copy)

    def _amounts(self, sample: Table, field: Field, target: str) -> Leak | None:
        amounts = sample.columns[target].astype(np.float64)
        half = len(amounts) // 2
        column: NDArray[Any] = sample.columns[field.name]
        if field.kind is Kind.NUMBER:
            answers = amounts_by_number(column[:half], amounts[:half], column[half:])
        elif field.kind is Kind.CATEGORY:
            values = codes(column)
            answers = amounts_by_value(values[:half], amounts[:half], values[half:])
        else:
            return None
        whole = float(((amounts[half:] - amounts[:half].mean()) ** 2).sum())
        r2 = 1 - float(((amounts[half:] - answers) ** 2).sum()) / whole if whole else 0.0
        if not r2 >= self.r2:
            return None
        copy = field.kind is Kind.NUMBER and bool((column == amounts).all())
        said = "is the target itself" if copy else f"explains {percent(r2)} of its variance on held-out rows"
        return Leak(field.name, r2, said, copy)


def _text(cell: object) -> str:
    if is_blank(cell):
        return ""
    return " ".join(str(part) for part in cell) if isinstance(cell, tuple | list) else str(cell)
