"""Pairs of texts of which one alone tells the label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.labelled import draw_labelled
from kilter.checks.data.labels import has_labels
from kilter.checks.data.simple_answers import simple_answers
from kilter.checks.wording import percent
from kilter.metrics.significance import mcnemar_p_value
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OneSidedPairs(Check[Dataset]):
    """One text of a pair tells the label, though the label should depend on both.

    **What it proves.** A simple model that never sees the other text is right on more rows than the most frequent
    label is, and resolves at least `note_share` of its errors. Whoever wrote the pairs wrote one side differently for
    each label; a network may learn that instead of comparing the two, and its score says less than it seems to.

    **How.** For each text column, naive Bayes on its words alone answers each training row from the others (five
    folds); an exact McNemar test against always answering the most frequent label.

    **When it stays silent.** There are no two texts, or neither says anything alone. It is a note: for some tasks (a
    title and a body) one text is meant to be enough.

    **What it costs.** Five small fits a column: a second for 10,000 texts.

    **Source.** Gururangan et al. 2018, Annotation artifacts in natural language inference data (NAACL); Poliak et al.
    2018, Hypothesis only baselines in natural language inference (*SEM).
    """

    code: ClassVar[str] = "D126"
    name: ClassVar[str] = "one-sided-pairs"
    note_share: float = 0.1  # of the errors of the most frequent label
    chance: float = 1e-6  # largest probability of so many right answers
    rows: int = 20_000
    fewest: int = 200  # labelled training rows

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        fields = [field for field in subject.schema.inputs if field.kind in (Kind.TEXT, Kind.TOKENS)]
        if len(fields) < 2 or not has_labels(subject.schema) or "train" not in subject:
            yield Skipped(name=self.name, reason="a row has no two texts, or no single label")
            return
        table, names, labels = draw_labelled(subject["train"], subject.schema.target, self.rows)
        if len(table) < self.fewest or len(names) < 2:
            yield Skipped(name=self.name, reason=f"there are no {self.fewest} training rows of two labels")
            return
        usual = labels == np.bincount(labels).argmax()
        told: dict[str, float] = {}
        for field in fields:
            right = simple_answers(table, (field,), labels).decided == labels
            gained, lost = int((right & ~usual).sum()), int((~right & usual).sum())
            resolved = (gained - lost) / int((~usual).sum())
            if resolved >= self.note_share and mcnemar_p_value(gained, lost) <= self.chance:
                told[field.name] = float(right.mean())
        if not told:
            return
        said = " and ".join(f"{name!r} alone is right on {percent(share)}" for name, share in told.items())
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            seen=f"Of {len(labels):,} training rows, a simple model that sees {said}, where the most frequent label is"
            f" right on {percent(float(usual.mean()))}.",
            advice="Compare the network with one that sees this text only; where both were meant to matter, write the"
            " other side anew, or judge on rows that the simple model gets wrong.",
            causes=("target_leak", "data_anomaly", "task_trivial"),
            where=tuple(told),
            evidence={"share right": told, "most frequent label": float(usual.mean()), "rows": len(labels)},
        )
