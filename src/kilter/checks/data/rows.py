"""Rows of all splits as numbers: equal inputs, equal numbers; and which equalities mean nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, final

import numpy as np

from kilter.checks.data.cells import codes, combined, missing
from kilter.checks.data.identity import identifiers
from kilter.checks.data.targets import without_target
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD: Final = re.compile(r"\w+")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of all splits on top of each other, n in all; those without any input are left out.

    Attributes:
        splits: names of the splits.
        split: (n,) the split of each row, as its place in `splits`.
        ids: (n,) object array of ids.
        exact: (n,) equal numbers where all inputs are equal; columns that only name rows do not count.
        loosely: (n,) the same up to case, spaces and invisible signs.
        target: (n,) equal numbers where the targets are equal, -1 where there is none.
        telling: (n,) whether an equal row says something: not where the whole input is a word or two, and nowhere in
            a table where every column has few values.
        columns: (n, c) the columns that count, as codes.
        place: (n,) where each row stands in the splits laid on top of each other.
    """

    splits: tuple[str, ...]
    split: NDArray[np.int64]
    ids: NDArray[np.object_]
    exact: NDArray[np.int64]
    loosely: NDArray[np.int64]
    target: NDArray[np.int64]
    telling: NDArray[np.bool_]
    columns: NDArray[np.int64]
    place: NDArray[np.intp]

    def of(self, split: str) -> NDArray[np.bool_]:
        """Which rows stand in a split."""
        inside: NDArray[np.bool_] = self.split == self.splits.index(split)
        return inside

    def shuffled(self, seed: int = 0) -> NDArray[np.int64]:
        """What `exact` would be if the columns had nothing to do with each other: each is shuffled by itself.

        With one column there is nothing to shuffle apart, and all rows differ.
        """
        if self.columns.shape[1] < 2:
            return np.arange(len(self.exact))
        generator = np.random.default_rng(seed)
        return combined((generator.permutation(column) for column in self.columns.T), len(self.exact))


def gather(dataset: Dataset, *, few_values: int, few_words: int) -> Rows | None:
    """The rows of a data set; None where no row has an input.

    Args:
        dataset: all its splits are compared.
        few_values: a table whose columns all have at most so many distinct values is coarse: its rows coincide.
        few_words: texts of at most so many words coincide, too.
    """
    splits = tuple(dataset)
    schema = dataset.schema
    naming = identifiers(schema, max(dataset.splits.values(), key=len)) if splits else {}
    fields = [field for field in schema.inputs if field.name not in naming] or list(schema.inputs)
    columns = {field.name: stacked(dataset, field.name) for field in fields}
    rows = sum(dataset.sizes.values())
    empty = np.ones(rows, bool)
    for column in columns.values():
        empty &= missing(column)
    if empty.all():
        return None
    exact = [codes(column) for column in columns.values()]
    loosely = [
        codes(columns[field.name], loosely=True) if field.kind in (Kind.TEXT, Kind.CATEGORY, Kind.TOKENS) else code
        for field, code in zip(fields, exact, strict=True)
    ]
    texts = [columns[field.name] for field in fields if field.kind in (Kind.TEXT, Kind.TOKENS)]
    others = [code for field, code in zip(fields, exact, strict=True) if field.kind not in (Kind.TEXT, Kind.TOKENS)]
    telling = np.full(rows, any(int(code.max(initial=0)) >= few_values for code in others))
    for column in texts:
        telling |= np.fromiter((_has_words(cell, few_words + 1) for cell in column), bool, rows)
    kept = ~empty
    target = stacked(dataset, schema.target)
    unknown = np.concatenate([without_target(dataset[split], schema) for split in splits])
    targets = np.where(unknown, -1, codes(target))
    return Rows(
        splits=splits,
        split=np.repeat(np.arange(len(splits)), [len(dataset[split]) for split in splits])[kept],
        ids=np.array([name for split in splits for name in dataset[split].ids], dtype=object)[kept],
        exact=combined(exact, rows)[kept],
        loosely=combined(loosely, rows)[kept],
        target=targets[kept],
        telling=telling[kept],
        columns=np.stack(exact, axis=1)[kept],
        place=np.flatnonzero(kept),
    )


def seen_in_training(dataset: Dataset, split: str) -> NDArray[np.bool_]:
    """Which rows (n,) of a split have inputs that also stand in training, exactly or up to case and spaces.

    Passages of one text are equal by coincidence only, and never count.
    """
    seen = np.zeros(len(dataset[split]), dtype=np.bool_)
    rows = None if dataset.schema.stream or split == "train" else gather(dataset, few_values=0, few_words=0)
    if rows is None:
        return seen
    train, inside = rows.of("train"), rows.of(split)
    shared = np.isin(rows.exact[inside], rows.exact[train]) | np.isin(rows.loosely[inside], rows.loosely[train])
    before = sum(len(dataset[name]) for name in rows.splits[: rows.splits.index(split)])
    seen[rows.place[inside][shared] - before] = True
    return seen


def stacked(dataset: Dataset, name: str) -> NDArray[np.generic]:
    """A column of all splits, one below the other."""
    parts = [dataset[split].columns[name] for split in dataset]
    if len({(part.dtype == object, part.shape[1:]) for part in parts}) > 1:  # one split read as numbers, one as text
        whole = np.empty(sum(len(part) for part in parts), dtype=object)
        whole[:] = [cell for part in parts for cell in part]
        return whole
    return np.concatenate(parts)


def _has_words(cell: object, count: int) -> bool:
    """Whether a text has so many words; it is read no further."""
    if isinstance(cell, str):
        return len(list(islice(_WORD.finditer(cell), count))) == count
    return isinstance(cell, tuple | list) and len(cell) >= count
