"""The labels of a data set, counted by split."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.checks.data.cells import is_blank
from kilter.values.table import Dataset, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


_TYPE: Final = re.compile(r"[BIESLU]-(.+)")  # a tag that says where in a name a word stands, and of which type it is


def has_labels(schema: Schema) -> bool:
    """Whether the target is one of several classes, so that there are labels to count."""
    return schema.target_kind is Kind.CATEGORY


def counts_labels(schema: Schema) -> bool:
    """Whether there are labels to count: one a row, several a row, or a tag for each word."""
    return schema.target_kind in (Kind.CATEGORY, Kind.LABELS, Kind.TOKENS)


def label_sets(table: Table, target: str) -> list[frozenset[str]]:
    """The labels of each row (n): one, none where it is missing, several; of tags the types that occur.

    >>> cells = np.empty(2, dtype=object)
    >>> cells[:] = [("B-name", "I-name", "O"), ("O",)]
    >>> [sorted(labels) for labels in label_sets(Table(columns={"y": cells}, ids=("a", "b")), "y")]
    [['O', 'name'], ['O']]
    """
    cells = table.columns[target].tolist()
    if any(isinstance(cell, tuple) for cell in cells):
        return [frozenset(map(_type, cell)) if isinstance(cell, tuple) else frozenset() for cell in cells]
    return [frozenset([label]) if (label := _label(cell)) is not None else frozenset() for cell in cells]


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
    """In how many rows each label occurs; missing ones do not count."""
    return Counter(label for labels in label_sets(table, target) for label in labels)


def counts_by_split(dataset: Dataset) -> Mapping[str, Counter[str]]:
    """The counts of each split."""
    return {split: counts_of(dataset[split], dataset.schema.target) for split in dataset}


def _type(tag: object) -> str:
    match = _TYPE.fullmatch(str(tag))
    return match[1] if match else str(tag)


def _label(cell: object) -> str | None:
    if is_blank(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
