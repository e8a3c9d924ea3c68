"""Logs of many short rows, where a word in the row says of which split or which quantity its numbers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from kilter.logs.column_words import SPLITS, STEPS, meaning

NAMES: Final = frozenset({"metric", "name", "tag", "key", "variable", "metric_name"})
VALUES: Final = frozenset({"value", "metric_value"})

_OF_ALL_SPLITS: Final = frozenset({STEPS, "epoch", "seconds", "learning_rate"})


def parted_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row whose names say the split, or the quantity, that a word in it says.

    >>> parted_row({"mode": "val", "epoch": 1, "loss": 0.5})
    {'epoch': 1, 'val/loss': 0.5}
    >>> parted_row({"step": 1, "name": "train/loss", "value": 0.5})
    {'step': 1, 'train/loss': 0.5}
    """
    for label, word in row.items():
        if type(word) is str:
            if word.strip().lower() in SPLITS:
                others = {name: value for name, value in row.items() if name != label}
                return {name if _is_shared(name) else f"{word.strip()}/{name}": others[name] for name in others}
            if label.lower() in NAMES and (value := next((name for name in row if name.lower() in VALUES), "")):
                return {word.strip() if name == value else name: row[name] for name in row if name != label}
    return row


def parted_columns(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """The same of columns of cells: as many as there are labels, empty in the rows of the others.

    >>> parted_columns({"phase": ["train", "val"], "epoch": ["0", "0"], "loss": ["2", "3"]})
    {'epoch': ['0', '0'], 'train/loss': ['2', ''], 'val/loss': ['', '3']}
    """
    for name, cells in columns.items():
        if cells[0].strip().lower() in SPLITS and {cell.strip().lower() for cell in cells} <= SPLITS.keys():
            parted = [other for other in columns if other != name and not _is_shared(other)]
            return _by_label(columns, name, {other: f"/{other}" for other in parted})
    labels = next((name for name in columns if name.lower() in NAMES), "")
    values = next((name for name in columns if name.lower() in VALUES), "")
    return _by_label(columns, labels, {values: ""}) if labels and values else dict(columns)


def _by_label(columns: Mapping[str, Sequence[str]], label: str, endings: Mapping[str, str]) -> dict[str, Sequence[str]]:
    spread: dict[str, Sequence[str]] = {}
    words = [word.strip() for word in columns[label]]
    for name, cells in columns.items():
        if name in endings:
            for found in dict.fromkeys(words):
                mine = [cell if word == found else "" for word, cell in zip(words, cells, strict=True)]
                spread[f"{found}{endings[name]}"] = mine
        elif name != label:
            spread[name] = cells
    return spread


@cache
def _is_shared(name: str) -> bool:
    """Whether a column is of a row of any split: a counter, a clock, the rate."""
    return meaning(name).quantity in _OF_ALL_SPLITS
