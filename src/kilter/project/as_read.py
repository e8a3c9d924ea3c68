"""What was noticed while files were read, as findings of the data audit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kilter.values.finding import Finding, Severity, Strength, in_order

if TYPE_CHECKING:
    from kilter.values.finding import Examination
    from kilter.values.table import Dataset

CODE: Final = "D100"
MOST: Final = 6  # notes of one file that are said in its sentence


def with_notes(examination: Examination, dataset: Dataset) -> Examination:
    """What an audit found, and how each file was read where that could have been meant otherwise."""
    return replace(examination, findings=in_order((*examination.findings, *_findings(dataset))))


def _findings(dataset: Dataset) -> Iterator[Finding]:
    by_file: dict[str, list[str]] = {}
    for note in dataset.notes:
        file, _, said_of_it = note.partition(": ")
        by_file.setdefault(file, []).append(said_of_it)
    for file, said in by_file.items():
        more = f"; and {len(said) - MOST} more" if len(said) > MOST else ""
        yield Finding(
            code=CODE,
            name="as-read",
            severity=Severity.NOTE,
            strength=Strength.PROVED,
            seen=f"{file}: {'; '.join(said[:MOST])}{more}.",
            advice="Look whether it is meant so; `data.encoding`, `data.separator` and `data.decimal` overrule it.",
            where=(file,),
            evidence={"notes": said},
        )
