"""Training rows whose label is known, for checks that let a simple model answer them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kilter.checks.data.labels import has_labels, labels_of
from kilter.values.table import Dataset, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Labelled(NamedTuple):
    """Rows and their labels.

    Attributes:
        table: n rows.
        names: the distinct labels, (k,).
        labels: the place (n,) of each row's label among the names.
    """

    table: Table
    names: list[str]
    labels: NDArray[np.int64]


def draw_labelled(table: Table, target: str, most: int) -> Labelled:
    """The rows that have a label, at most so many, drawn at random and in their order."""
    written = labels_of(table, target)
    known = np.flatnonzero(written != None)  # noqa: E711 - cell by cell
    known = np.sort(np.random.default_rng(0).permutation(known)[:most])
    names, places = np.unique(written[known].astype(str), return_inverse=True)
    return Labelled(table.take(known), names.tolist(), places.reshape(-1).astype(np.int64))


def training_labels(dataset: Dataset, *, rows: tuple[int, int], labels: tuple[int, int]) -> Labelled | str:
    """The labelled training rows, or the reason why there are none to judge by.

    Args:
        dataset: where from.
        rows: how many are needed, and how many are drawn where there are more.
        labels: how few and how many different ones there may be.
    """
    if not has_labels(dataset.schema) or "train" not in dataset:
        return "a row has no single label, or there is no training split"
    drawn = draw_labelled(dataset["train"], dataset.schema.target, rows[1])
    if len(drawn.table) < rows[0] or not labels[0] <= len(drawn.names) <= labels[1]:
        return f"there are fewer than {rows[0]} labelled rows, or not {labels[0]} to {labels[1]} labels"
    return drawn
