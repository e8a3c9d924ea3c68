"""The labels of a data set, counted by split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from kilter.checks.data.cells import is_blank
from kilter.values.table import Dataset, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def has_labels(schema: Schema) -> bool:
    """Whether the target is one of several classes, so that there are labels to count."""
    return schema.target_kind is Kind.CATEGORY


def labels_of(table: Table, target: str) -> NDArray[np.object_]:
    """The label of each row (n,) as text, None where it is missing.

    >>> table = Table(columns={"y": np.array([1.0, 2.0, np.nan])}, ids=("a", "b", "c"))
    >>> labels_of(table, "y").tolist()
    ['1', '2', None]
    """
    labels = np.empty(len(table), dtype=object)
    labels[:] = [_label(cell) for cell in table.columns[target].tolist()]
    return labels


def counts_of(table: Table, target: str) -> Counter[str]:
    """How often each label occurs; missing ones do not count."""
    return Counter(label for label in labels_of(table, target) if label is not None)


def counts_by_split(dataset: Dataset) -> Mapping[str, Counter[str]]:
    """The counts of each split."""
    return {split: counts_of(dataset[split], dataset.schema.target) for split in dataset}


def _label(cell: object) -> str | None:
    if is_blank(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
