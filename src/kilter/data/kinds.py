"""What a column holds: a guess from its values, and its conversion to what it is said to hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.data.cells import MISSING, SAMPLE, as_numbers
from kilter.data.faults import gathered, quoted
from kilter.values.errors import DataError, Fault
from kilter.values.table import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS_OF_TEXT: Final = 3.0  # mean number of words from which a column of strings is text
FEW: Final = 20  # so many distinct values are categories, however few rows there are
DISTINCT: Final = 0.3  # share of distinct values from which short strings are text
NUMBERS: Final = 0.9  # share of cells that are numbers from which the others are mistakes
CHANNELS: Final = (1, 2, 3, 4)
LABEL_SEPARATORS: Final = ("|", ";", ",")  # between the labels of one cell, the surest first


def guess_kind(column: NDArray[np.generic]) -> Kind:
    """What a column most likely holds.

    Strings are text where they have three words or more on average, or where a third of them and more than 20 are
    distinct (names, say); otherwise categories. Strings of which nine in ten are numbers are numbers, so that
    converting them says which are not. Numbers are numbers, however few: whether they are classes is for a person.

    >>> guess_kind(np.array(["red", "blue", None, "red"], dtype=object))
    <Kind.CATEGORY: 'category'>
    """
    if column.ndim > 1:
        return Kind.IMAGE
    if column.dtype.kind in "biuf":
        return Kind.NUMBER
    present = [value for value in column.tolist() if value is not None]
    return _guess_of_objects(present) if present else Kind.CATEGORY


def _guess_of_objects(present: Sequence[Any]) -> Kind:
    if isinstance(present[0], tuple):
        return Kind.TOKENS
    if _share_of_numbers(present[:SAMPLE]) >= NUMBERS / 2 and _share_of_numbers(present) >= NUMBERS:
        return Kind.NUMBER
    words = sum(len(value.split()) for value in present) / len(present)
    distinct = len(set(present))
    if words >= WORDS_OF_TEXT or (distinct > FEW and distinct > DISTINCT * len(present)):
        return Kind.TEXT
    return Kind.CATEGORY


def _share_of_numbers(values: Sequence[str]) -> float:
    return sum(as_numbers([value]) is not None for value in values) / len(values)


def as_kind(column: NDArray[np.generic], kind: Kind, ids: Sequence[str], name: str) -> NDArray[np.generic]:
    """The column as the array that its kind is stored in (see `Kind`).

    Raises:
        DataError: values that cannot be that, with their ids.
    """
    converted = converted_or_faults(column, kind, ids, name)
    if isinstance(converted, np.ndarray):
        return converted
    raise _not(name, kind, converted)


def converted_or_faults(  # noqa: PLR0911 - one line for each kind
    column: NDArray[np.generic], kind: Kind, ids: Sequence[str], name: str
) -> NDArray[np.generic] | list[Fault]:
    """The column as its kind, or all that keeps it from being that."""
    if kind in (Kind.AMOUNTS, Kind.RECORD):
        return column  # joined from columns that were converted before
    if column.ndim > 1 or kind is Kind.IMAGE:
        return _image(column, kind, name)
    numeric = column.dtype.kind in "biuf"
    tokens = not numeric and any(isinstance(value, tuple) for value in column.tolist())
    if kind is Kind.NUMBER:
        return column.astype(np.float64) if numeric else _numbers(column, ids, name)
    if kind is Kind.TOKENS:
        if tokens:
            return column
        texts = _texts(column).tolist()
        return _objects([None if value is None else tuple(value.split()) for value in texts])
    if kind is Kind.LABELS:
        return _objects([_labels(value) for value in (column if tokens else _texts(column)).tolist()])
    if tokens:
        return [Fault(met=f"column {name!r} holds lists of words", legal=f"a {kind} is one value a row")]
    return _texts(column)


def _not(name: str, kind: Kind, faults: list[Fault]) -> DataError:
    return gathered(f"column {name!r} cannot be a {kind}", faults, remedy="mend these values, or choose another kind")


def _numbers(column: NDArray[Any], ids: Sequence[str], name: str) -> NDArray[np.generic] | list[Fault]:
    """Texts as numbers, those with leading zeros included: whoever calls a code a number means it."""
    numbers = np.full(len(column), np.nan)
    faults: list[Fault] = []
    for row, value in enumerate(column.tolist()):
        if value is None or (isinstance(value, str) and value.strip() in MISSING):
            continue
        try:
            numbers[row] = float(value.replace("_", "x"))  # Python would read '1_000'
        except (ValueError, AttributeError):
            met = f"column {name!r}: {quoted(str(value))}"
            faults.append(Fault(where=ids[row], met=met, legal="a number, or an empty cell where it is missing"))
    return faults or numbers


def _texts(column: NDArray[Any]) -> NDArray[np.generic]:
    if column.dtype.kind == "O":
        return column
    if column.dtype.kind == "f":
        return _objects([None if value != value else _plain(value) for value in column.tolist()])  # noqa: PLR0124
    return _objects([str(value) for value in column.tolist()])


def _labels(value: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Several classes of one row, each once: a list, or words with one of the usual signs between them.

    >>> _labels("red|green"), _labels(""), _labels(("red", "red"))
    (('red', 'green'), (), ('red',))
    """
    if value is None:
        return None
    sign = next((sign for sign in LABEL_SEPARATORS if sign in value), None)
    words = value if isinstance(value, tuple) else value.split(sign) if sign else [value]
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))


def _plain(number: float) -> str:
    """A number as a person writes it: whole ones without a point."""
    return str(int(number)) if number.is_integer() else repr(number)


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    return np.fromiter(values, dtype=object, count=len(values))  # an assignment would unpack tuples of one length


def _image(column: NDArray[np.generic], kind: Kind, name: str) -> NDArray[np.generic] | list[Fault]:
    met = f"column {name!r} has shape {column.shape}"
    if kind is not Kind.IMAGE:
        return [Fault(met=met, legal=f"a {kind} is one value a row, shape (n,)")]
    if column.ndim not in {3, 4} or column.dtype.kind not in "iuf":
        return [Fault(met=f"{met} of {column.dtype}", legal="images are numbers (n, h, w) or (n, h, w, c)")]
    if column.ndim == 4 and column.shape[3] not in CHANNELS:
        first = column.shape[1] in CHANNELS
        remedy = "move the channels last: x.transpose(0, 2, 3, 1)" if first else "give one image a row"
        return [Fault(met=met, legal="images (n, h, w, c) have 1 to 4 channels", remedy=remedy)]
    return column
