"""Input columns that name rows instead of describing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.data.identity import FEWEST, identifiers
from kilter.checks.wording import agreeing, counted
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierColumns(Check[Dataset]):
    """Input columns with a value of its own in every row, which can only be learnt by heart.

    **What it proves.** A category that differs in every row tells nothing of a new row, whose value is another one. A
    running number tells where in the file a row stands, and with that whatever the file is sorted by.

    **How.** All values of the training split differ, and they are texts, or whole numbers with so few gaps that only
    counting makes them, or whole numbers under a name such as `user_id`.

    **When it stays silent.** Values repeat, or they are amounts that happen to differ; and below 30 rows, where all
    may differ by chance.

    **What it costs.** One pass over the cells.

    **Source.** Kaufman et al. 2012, Leakage in data mining, ACM TKDD 6(4), section 2.
    """

    code: ClassVar[str] = "D112"
    name: ClassVar[str] = "identifier-columns"

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if "train" not in subject or len(subject["train"]) < FEWEST:
            yield Skipped(name=self.name, reason=f"there are fewer than {FEWEST} training rows")
            return
        found = identifiers(subject.schema, subject["train"])
        if not found:
            return
        said = "; ".join(f"{name!r} is {reason}" for name, reason in list(found.items())[:5])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"{counted(len(found), 'input column')} only {agreeing(len(found), 'names', 'name')} rows: {said}.",
            advice="Leave the column out of the inputs.",
            causes=("overfitting", "target_leak"),
            where=tuple(found),
            evidence={"columns": found},
        )
