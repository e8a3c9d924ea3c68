"""The words of texts, as all checks of texts count them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD: Final = re.compile(r"\w+|[^\w\s]")


def words_of(cell: object) -> list[str]:
    """The words and signs of a text in small letters; nothing where there is none.

    >>> words_of("What is it?"), words_of(("New", "York")), words_of(None)
    (['what', 'is', 'it', '?'], ['new', 'york'], [])
    """
    if isinstance(cell, str):
        return _WORD.findall(cell.lower())
    return [str(part).lower() for part in cell] if isinstance(cell, tuple) else []


def word_sets(table: Table, schema: Schema) -> list[set[str]]:
    """The distinct words of all texts of each row."""
    columns = [table.columns[name].tolist() for name in schema.of_kind(Kind.TEXT, Kind.TOKENS)]
    return [{word for cell in row for word in words_of(cell)} for row in zip(*columns, strict=True)]


def incidence(rows: Iterable[set[str]], places: dict[str, int]) -> sparse.csr_matrix:
    """Which row has which word, (n, words) of 0 and 1; words without a place are left out."""
    kept = [[places[word] for word in row if word in places] for row in rows]
    ends = np.cumsum([0, *map(len, kept)])
    columns = np.array([at for row in kept for at in row], np.int64)
    return sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(kept), len(places)))
