"""Slices that somebody asks for: by a column, by a word, or by a function of the row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from kilter.evaluation.traits import VALUES, Trait, are_words, cut, has_token, how_long
from kilter.values.errors import UsageError
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW: Final = 8  # different numbers up to which each is a slice of its own
BANDS: Final = 4  # of other numbers, and of lengths: equally many examples in each
REPEATED: Final = 0.5  # share of different cells above which a column of many words holds texts, not values


class Token(NamedTuple):
    """A word, as `find_slices(by=...)` takes it: examples that have it in any of their texts, whatever its case."""

    word: str


By: TypeAlias = str | Token | Callable[[Mapping[str, object]], object]
"""The name of a column; a word; or a function of a row (column to cell) that answers with the name of its slice, or
with True and False; None leaves the row out."""


def asked_traits(table: Table, schema: Schema, by: Iterable[By]) -> Iterator[Trait]:
    """The parts of a table that somebody asks for.

    Of a column of values, each value; of numbers, each where there are few, else quarters; of texts, quarters by their
    length.

    Args:
        table: the rows.
        schema: what their columns hold; other columns are told by their cells.
        by: what to part the rows by.

    Raises:
        UsageError: there is no such column, or no text for a word.
    """
    for each in by:
        if isinstance(each, Token):
            yield from _of_token(table, schema, each.word)
        elif isinstance(each, str):
            yield from _of_column(table, schema, each)
        else:
            yield from _of_function(table, each)


def _of_column(table: Table, schema: Schema, name: str) -> Iterator[Trait]:
    if name not in table.columns:
        close = get_close_matches(name, table.columns, n=1)
        meant = f"did you mean {close[0]!r}?" if close else "name one of them"
        raise UsageError(
            f"slices by {name!r}: there is no such column",
            legal=f"there are {', '.join(map(repr, table.columns))}",
            remedy=meant,
        )
    column, kind = table.columns[name], _kind(table, schema, name)
    quoted = name != schema.target
    if kind is Kind.NUMBER:
        yield from _of_numbers(name, f"'{name}'", column.astype(np.float64))
    elif kind is Kind.IMAGE:
        brightness = column.reshape(len(column), -1).mean(axis=1, dtype=np.float64)
        yield from _of_numbers(f"brightness of {name}", f"the mean pixel of '{name}'", brightness)
    elif kind in (Kind.TEXT, Kind.TOKENS):
        sizes = np.array([len(words) for words in cut(column, letters=are_words(column))], np.float64)
        yield from _of_numbers(f"tokens in {name}", f"the number of tokens in '{name}'", sizes)
    elif kind is Kind.LABELS:
        cells = [cell if isinstance(cell, tuple) else () for cell in column.tolist()]
        for label, _ in Counter(label for cell in cells for label in set(cell)).most_common(VALUES):
            inside = np.fromiter((label in cell for cell in cells), bool, len(cells))
            yield has_token(name, str(label), inside, quoted=quoted)
    else:
        yield from _of_values(name, column.tolist(), quoted=quoted)


def _of_values(name: str, cells: list[Any], *, quoted: bool) -> Iterator[Trait]:
    for value, _ in Counter(cell for cell in cells if cell is not None).most_common(VALUES):
        inside = np.fromiter((cell == value for cell in cells), bool, len(cells))
        masked = f"{name} = ({how_long(value)})" if quoted else ""
        yield Trait(f"{name} = {value}", f"'{name}' is {value!r}", inside, masked, name)


def _of_numbers(name: str, said: str, values: NDArray[np.float64]) -> Iterator[Trait]:
    finite = values[np.isfinite(values)]
    distinct = np.unique(finite)
    if len(distinct) <= FEW:
        for value in distinct.tolist():
            yield Trait(f"{name} = {value:g}", f"{said} is {value:g}", values == value, of=name)
        return
    cuts = np.unique(np.quantile(finite, np.arange(1, BANDS) / BANDS, method="lower"))
    edges = [-np.inf, *cuts[cuts < distinct[-1]].tolist(), np.inf]
    for low, high in pairwise(edges):
        inside = (values > low) & (values <= high)
        short = f"{low:.4g} < {name} ≤ {high:.4g}"
        clause = f"{said} is above {low:.4g} and at most {high:.4g}"
        if low == -np.inf:
            short, clause = f"{name} ≤ {high:.4g}", f"{said} is at most {high:.4g}"
        elif high == np.inf:
            short, clause = f"{name} > {low:.4g}", f"{said} is above {low:.4g}"
        yield Trait(short, clause, inside, of=name)


def _of_token(table: Table, schema: Schema, word: str) -> Iterator[Trait]:
    names = schema.of_kind(Kind.TEXT, Kind.TOKENS)
    if not names or not word.strip():
        raise UsageError(
            f"slices by the word {word!r}" + ("" if names else " where no input is a text"),
            legal="a word, and an input that is a text",
            remedy="part the rows by a column, or by a function of the row",
        )
    inside = np.zeros(len(table), bool)
    asked = word.strip().lower()
    before, after = (r"(?<!\w)" if asked[0].isalnum() else ""), (r"(?!\w)" if asked[-1].isalnum() else "")
    apart = re.compile(f"{before}{re.escape(asked)}{after}")  # signs stand next to words
    for name in names:
        cells = table.columns[name].tolist()
        texts = (cell if isinstance(cell, str) else " ".join(cell) if isinstance(cell, tuple) else "" for cell in cells)
        inside |= np.fromiter((apart.search(text.lower()) is not None for text in texts), bool, len(cells))
    yield has_token(" or ".join(names), word, inside, quoted=False)  # it is a word of whoever asks, not of the data


def _of_function(table: Table, function: Callable[[Mapping[str, object]], object]) -> Iterator[Trait]:
    name = getattr(function, "__name__", type(function).__name__).strip("<>")
    columns = list(table.columns)
    rows = zip(*(table.columns[column].tolist() for column in columns), strict=True)
    answers = [function(dict(zip(columns, row, strict=True))) for row in rows]
    truths = {type(answer) for answer in answers if answer is not None} <= {bool, np.bool_}
    for answer in dict.fromkeys(answer for answer in answers if answer is not None):
        if truths and not answer:
            continue  # what is outside of the other
        inside = np.fromiter((each == answer for each in answers), bool, len(answers))
        said = name if truths else f"{name} = {answer}"
        yield Trait(said, f"{name} says {answer!r}", inside, of=name)


def _kind(table: Table, schema: Schema, name: str) -> Kind:
    """What a column holds, by the schema, or by its cells."""
    known = {field.name: field.kind for field in (*schema.inputs, *schema.joined)} | {schema.target: schema.target_kind}
    if name in known and known[name] not in (Kind.AMOUNTS, Kind.RECORD):
        return known[name]
    column = table.columns[name]
    if column.ndim > 1:
        return Kind.IMAGE
    if column.dtype != object:
        return Kind.NUMBER if column.dtype.kind in "fiu" else Kind.CATEGORY
    cells = [cell for cell in column.tolist() if cell is not None]
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells):
        return Kind.NUMBER
    if any(isinstance(cell, tuple) for cell in cells):
        return Kind.LABELS
    return Kind.CATEGORY if len(set(cells)) <= max(VALUES, REPEATED * len(cells)) else Kind.TEXT
