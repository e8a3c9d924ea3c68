"""A target that is the same everywhere, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.data.cells import codes
from kilter.checks.data.targets import each_target, without_target
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToLearn(Check[Dataset]):
    """The training split is empty, has no target, or one target for all rows.

    **What it proves.** A constant answer is right on every row: there is nothing to learn, and scores that compare
    classes do not exist. It is a failure, since going on is senseless.

    **How.** Distinct targets of the training split are counted.

    **When it stays silent.** There are two targets or more.

    **What it costs.** Nothing.
    """

    code: ClassVar[str] = "D118"
    name: ClassVar[str] = "nothing-to-learn"

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if "train" not in subject:
            yield Skipped(name=self.name, reason="there is no training split")
            return
        column = subject["train"].columns[subject.schema.target]
        known = column[~without_target(subject["train"], subject.schema)]
        if len(known) and int(codes(known).max()) > 0:
            return
        if not len(column):
            seen = "The training split has no rows."
        elif not len(known):
            seen = f"Not one of {len(column):,} training rows has a target in {subject.schema.target!r}."
        else:
            seen = f"All {len(known):,} training rows have the target {known[0]!s} in {subject.schema.target!r}."
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=seen,
            advice="Name the right target column, or read rows of the other classes, too.",
            causes=("task_trivial", "data_anomaly", "label_misaligned"),
            evidence={"rows": len(column), "rows with a target": len(known)},
        )
