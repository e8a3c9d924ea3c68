"""Targets of several columns, looked at one by one; and which rows have no target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kilter.checks.data.cells import is_blank, missing
from kilter.values.finding import Finding, Skipped
from kilter.values.table import Dataset, Field, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def each_target(
    subject: Dataset, examine: Callable[[Dataset], Iterator[Finding | Skipped]]
) -> Iterator[Finding | Skipped]:
    """What is found of each target column by itself, where several are learnt together; findings name the column.

    It is skipped only where it is skipped for all of them.
    """
    parts = _parts(subject)
    if not parts:
        yield from examine(subject)
        return
    said = [(part.schema.target, found) for part in parts for found in examine(part)]
    findings = [(name, found) for name, found in said if isinstance(found, Finding)]
    if not findings and len({name for name, _ in said}) == len(parts):
        yield said[0][1]
    for name, found in findings:
        yield replace(found, seen=f"{name!r}: {found.seen[:1].lower()}{found.seen[1:]}")


def without_target(table: Table, schema: Schema) -> NDArray[np.bool_]:
    """Rows (n,) of which nothing is known that could be learnt; that no label applies is known, too."""
    column = table.columns[schema.target]
    if schema.stream:
        return np.zeros(len(table), bool)
    if schema.target_kind is Kind.LABELS:
        return np.fromiter((cell is None for cell in column.tolist()), bool, len(column))
    if schema.target_kind is Kind.RECORD:
        cells = column.tolist()
        return np.fromiter((cell is None or all(map(is_blank, cell)) for cell in cells), bool, len(cells))
    return missing(column)


def _parts(subject: Dataset) -> list[Dataset]:
    """The data set once for each column of which its target was made."""
    schema = subject.schema
    joined = [field for field in schema.joined if all(field.name in table.columns for table in subject.splits.values())]
    return [
        replace(subject, schema=replace(schema, target=field.name, target_kind=_kind(subject, field), joined=()))
        for field in joined
    ]


def _kind(subject: Dataset, field: Field) -> Kind:
    """What a column holds; numbers that are all 0 or 1 are two classes."""
    if field.kind is Kind.NUMBER:
        columns = [table.columns[field.name].astype(np.float64) for table in subject.splits.values()]
        if all(np.isin(column[np.isfinite(column)], (0, 1)).all() for column in columns):
            return Kind.CATEGORY
    return field.kind
