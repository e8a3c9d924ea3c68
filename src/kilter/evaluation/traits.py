"""What examples have in common: everything that inputs and target say of a row without any model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kilter.evaluation.sequences import edits, exchanged, shared
from kilter.values.table import Field, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = list[tuple[str, ...]]

SINGLE: Final = 6  # distinct values of a number up to which each is looked at by itself, the most frequent first
CUTS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)  # quantiles at which a number is cut
FREQUENT: Final = 60  # words of a column whose presence is looked at, the most frequent first
VALUES: Final = 30  # values of a category that are looked at, the most frequent first
LONGEST: Final = 200  # tokens beyond which two texts are not aligned
RARE: Final = 5  # rows of training below which a word is rare
_WORD: Final = re.compile(r"\w+|[^\w\s]")


class Trait(NamedTuple):
    """Something that part of the examples have.

    Attributes:
        name: what it is, in short.
        said: the same as a clause.
        inside: (n,) which examples have it.
        masked: its name with a length in the place of what it quotes from an input; empty where it quotes nothing.
        of: what was looked at, such as a column; two traits of one thing say little together.
    """

    name: str
    said: str
    inside: NDArray[np.bool_]
    masked: str = ""
    of: str = ""


def traits(table: Table, schema: Schema, train: Table | None = None) -> Iterator[Trait]:
    """All traits of the rows of a table; those that all or none of them have are among them.

    Args:
        table: the rows.
        schema: what their columns hold.
        train: the rows that were learnt from, against which words are new or rare.
    """
    words: dict[str, Words] = {}
    for field in schema.inputs:
        column = table.columns[field.name]
        known = None if train is None else train.columns[field.name]
        if field.kind in (Kind.TEXT, Kind.TOKENS):
            letters = are_words(column)
            words[field.name] = cut(column, letters=letters)
            yield from _of_text(field.name, words[field.name], None if known is None else cut(known, letters=letters))
        else:
            yield from of_column(field.name, field.kind, column)
    yield from _of_pairs(words)
    yield from _of_gaps(table, schema.inputs)
    yield from _of_target(table, schema)


def of_column(name: str, kind: Kind, column: NDArray[np.generic], *, quoted: bool = True) -> Iterator[Trait]:
    """Traits of one column by itself: each value, how large a number is, how long a text is.

    Args:
        name: of the column.
        kind: what it holds.
        column: (n,) its cells; of images (n, height, width) or more.
        quoted: whether its values are to be hidden where texts are.
    """
    if kind is Kind.NUMBER:
        yield from _of_numbers(name, f"'{name}'", column.astype(np.float64))
    elif kind is Kind.CATEGORY:
        yield from _of_values(name, column, quoted=quoted)
    elif kind is Kind.IMAGE:
        yield from _of_images(name, column)
    elif kind in (Kind.TEXT, Kind.TOKENS):
        sizes = _sizes(cut(column, letters=are_words(column)))
        yield from _of_numbers(f"tokens in {name}", f"the number of tokens in '{name}'", sizes)
    elif kind is Kind.LABELS:
        yield from _of_labels(name, column)


def has_token(name: str, token: str, inside: NDArray[np.bool_], *, quoted: bool = True) -> Trait:
    """That a text has a token."""
    masked = f"{name} has ({how_long(token)})" if quoted else ""
    return Trait(f"{name} has {token!r}", f"'{name}' has {token!r}", inside, masked, f"{name} has {token!r}")


def how_long(value: object) -> str:
    """How long a value is, for those who must not read it.

    >>> how_long("sad"), how_long("a")
    ('3 characters', '1 character')
    """
    count = len(str(value))
    return f"{count:,} character{'' if count == 1 else 's'}"


def cut(column: NDArray[np.generic], *, letters: bool = False) -> Words:
    """The tokens of each cell (n,) in small letters: words and signs, those that were cut already, or the letters.

    >>> cut(np.array(["What is it?", None], dtype=object))
    [('what', 'is', 'it', '?'), ()]
    """
    cells = [cell if isinstance(cell, str | tuple) else "" for cell in column.tolist()]
    if letters:
        return [tuple("".join(cell).lower()) for cell in cells]
    return [
        tuple(map(str.lower, cell)) if isinstance(cell, tuple) else tuple(_WORD.findall(cell.lower())) for cell in cells
    ]


def are_words(column: NDArray[np.generic]) -> bool:
    """Whether the texts of a column are single words, whose parts are letters."""
    return all(isinstance(cell, str) and len(_WORD.findall(cell)) <= 1 for cell in column.tolist())


def _of_text(name: str, words: Words, known: Words | None) -> Iterator[Trait]:
    yield from _of_numbers(f"tokens in {name}", f"the number of tokens in '{name}'", _sizes(words))
    repeated = np.array([len(tokens) - len(set(tokens)) for tokens in words], np.float64)
    yield from _of_numbers(f"repeated tokens in {name}", f"the number of repeated tokens in '{name}'", repeated)
    if known is not None:
        rows = Counter(token for tokens in known for token in set(tokens))
        new = np.array([sum(token not in rows for token in tokens) for tokens in words], np.float64)
        rare = np.array([sum(rows[token] < RARE for token in tokens) for tokens in words], np.float64)
        yield from _of_numbers(f"new tokens in {name}", f"the number of tokens in '{name}' that training lacks", new)
        yield from _of_numbers(
            f"rare tokens in {name}",
            f"the number of tokens in '{name}' that fewer than {RARE} training rows have",
            rare,
        )
    sets = [set(tokens) for tokens in words]
    for token, _ in Counter(token for tokens in sets for token in tokens).most_common(FREQUENT):
        inside = np.fromiter((token in tokens for tokens in sets), bool, len(sets))
        yield has_token(name, token, inside)


def _of_pairs(words: dict[str, Words]) -> Iterator[Trait]:
    """Traits of each two texts of a row, where there are two or three."""
    names = list(words) if len(words) <= 3 else []
    for at, left in enumerate(names):
        for right in names[at + 1 :]:
            yield from _of_pair(left, right, list(zip(words[left], words[right], strict=True)))


def _of_pair(left: str, right: str, pairs: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> Iterator[Trait]:
    both = f"{left} and {right}"
    quoted = f"'{left}' and '{right}'"
    measures = {
        "different tokens": (
            f"the number of tokens in which {quoted} differ, whatever their order,",
            [exchanged(*pair) for pair in pairs],
        ),
        "shared tokens": (f"the share of tokens that {quoted} have in common", [shared(*pair) for pair in pairs]),
        "difference in length": (
            f"the difference in length between {quoted}",
            [abs(len(one) - len(other)) for one, other in pairs],
        ),
        "edits": (
            f"the number of edits between {quoted}",
            [edits(*pair) if max(map(len, pair)) <= LONGEST else np.nan for pair in pairs],
        ),
    }
    for name, (said, values) in measures.items():
        yield from _of_numbers(f"{name}, {both}", said, np.array(values, np.float64))
    for place, where in ((0, "begin"), (-1, "end")):
        same = np.array([bool(one and other) and one[place] == other[place] for one, other in pairs], bool)
        of = f"{both} {where}"
        yield Trait(f"{of} alike", f"{quoted} {where} with the same token", same, of=of)
        yield Trait(f"{of} differently", f"{quoted} {where} with different tokens", ~same, of=of)


def _of_numbers(name: str, said: str, values: NDArray[np.float64]) -> Iterator[Trait]:
    """Single values where there are few, or where they are counts; beside that, what lies on either side of a cut."""
    finite = values[np.isfinite(values)]
    distinct, counts = np.unique(finite, return_counts=True)
    if len(distinct) < 2:
        return
    whole = bool((distinct == np.round(distinct)).all())
    if whole:
        for at in np.argsort(-counts, kind="stable")[:SINGLE]:
            yield Trait(f"{name} = {distinct[at]:g}", f"{said} is {distinct[at]:g}", values == distinct[at], of=name)
    if len(distinct) == 2:
        return
    for limit in np.unique(np.quantile(finite, CUTS, method="lower")):
        if limit == distinct[-1]:
            continue
        shown = f"{limit:g}" if whole else f"{limit:.4g}"
        yield Trait(f"{name} ≤ {shown}", f"{said} is at most {shown}", values <= limit, of=name)
        yield Trait(f"{name} > {shown}", f"{said} is above {shown}", values > limit, of=name)


def _of_values(name: str, column: NDArray[np.generic], *, quoted: bool) -> Iterator[Trait]:
    cells = column.tolist()
    counted = Counter(cells)
    del counted[None]
    places = {value: place for place, (value, _) in enumerate(counted.most_common(VALUES))}
    which = np.fromiter((places.get(cell, -1) for cell in cells), np.int8, len(cells))
    for value, place in places.items():
        inside = which == place
        masked = f"{name} = ({how_long(value)})" if quoted else ""
        yield Trait(f"{name} = {value}", f"'{name}' is {value!r}", inside, masked, name)


def _of_images(name: str, column: NDArray[Any]) -> Iterator[Trait]:
    pixels = column.reshape(len(column), -1)
    yield from _of_numbers(
        f"brightness of {name}", f"the mean pixel of '{name}'", pixels.mean(axis=1, dtype=np.float64)
    )
    yield from _of_numbers(
        f"contrast of {name}", f"the standard deviation of the pixels of '{name}'", pixels.std(axis=1, dtype=np.float64)
    )


def _of_gaps(table: Table, fields: Sequence[Field]) -> Iterator[Trait]:
    gaps = np.zeros(len(table))
    for field in fields:
        if field.kind is Kind.IMAGE:
            continue
        empty = _empty(table.columns[field.name])
        gaps += empty
        yield Trait(f"{field.name} is missing", f"'{field.name}' is missing", empty, of=field.name)
    yield from _of_numbers("missing cells", "the number of missing cells", gaps)


def _empty(column: NDArray[np.generic]) -> NDArray[np.bool_]:
    if column.dtype.kind == "f":
        blank: NDArray[np.bool_] = np.isnan(column).reshape(len(column), -1).all(axis=1)
        return blank
    return np.fromiter(map({None, "", ()}.__contains__, column.tolist()), bool, len(column))


def _of_target(table: Table, schema: Schema) -> Iterator[Trait]:
    """What the right answer is; a score of one class tells where a mean does not."""
    name, column = schema.target, table.columns[schema.target]
    if schema.target_kind is Kind.CATEGORY:
        yield from of_column(name, Kind.CATEGORY, column, quoted=False)
    elif schema.target_kind is Kind.NUMBER:
        yield from of_column(name, Kind.NUMBER, column)
    elif schema.target_kind in (Kind.LABELS, Kind.TOKENS):
        yield from _of_labels(name, column)
    elif schema.target_kind is Kind.TEXT and name not in {field.name for field in schema.inputs}:
        yield from _of_numbers(f"tokens in {name}", f"the number of tokens in '{name}'", _sizes(cut(column)))


def _of_labels(name: str, column: NDArray[np.generic]) -> Iterator[Trait]:
    sets = [frozenset(cell) if isinstance(cell, tuple) else frozenset[str]() for cell in column.tolist()]
    for label, _ in Counter(label for labels in sets for label in labels).most_common(VALUES):
        inside = np.fromiter((label in labels for labels in sets), bool, len(sets))
        yield Trait(f"{name} has {label}", f"'{name}' has {label!r}", inside, of=f"{name} has {label}")
    sizes = np.array([len(labels) for labels in sets], np.float64)
    yield from _of_numbers(f"labels in {name}", f"the number of different labels in '{name}'", sizes)


def _sizes(words: Words) -> NDArray[np.float64]:
    return np.array([len(tokens) for tokens in words], np.float64)
