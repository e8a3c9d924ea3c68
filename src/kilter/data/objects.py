"""Values of a language or a file format as columns: numbers, texts, truth values, lists of words."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from kilter.data.cells import WHOLE
from kilter.data.faults import counted, listed, quoted
from kilter.values.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

Place = Callable[[int], str]
"""The id of a row, for messages."""

WORDS_FOR_MISSING: Final = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "?"})
"""What stands for a missing number among numbers that come as numbers."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A column, what was noticed, and the values that do not fit the others."""

    column: NDArray[np.generic]
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def as_column(values: Sequence[object], *, name: str, place: Place) -> Typed:
    """A typed column of Python values.

    Numbers become float64 with NaN where missing; texts, truth values (`true`, `false`), dates (ISO 8601), and whole
    numbers beyond double precision become text, None where missing; lists of texts become tuples; anything else is
    written as JSON, which is noted. Among texts a number is a fault, and a text among numbers.
    """
    kinds = Counter(map(_kind, values))
    del kinds["missing"]
    if not kinds:
        return Typed(column=np.full(len(values), math.nan))
    if len(kinds) > 1 and kinds.keys() <= {"number", "text"}:
        return _mixed(values, kinds, name=name, place=place)
    if len(kinds) == 1:
        return _uniform(values, next(iter(kinds)), name=name)
    return _unlike(values, kinds.most_common(1)[0][0], name=name, place=place)


KINDS: Final[Mapping[type, str]] = {
    str: "text",
    bool: "truth value",
    np.bool_: "truth value",
    float: "number",
    int: "number",
    datetime: "date",
    date: "date",
    time: "date",
    type(None): "missing",
}


def _kind(value: object) -> str:
    """What a value is; the not-available marks of frames are told by their class's name."""
    kind = KINDS.get(type(value))
    if kind is not None:
        return kind
    if isinstance(value, str | np.integer | np.floating):
        return "text" if isinstance(value, str) else "number"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return "list of texts"
    return "missing" if type(value).__name__ in {"NAType", "NaTType"} else "structure"


def _uniform(values: Sequence[Any], kind: str, *, name: str) -> Typed:
    if kind == "number":
        long = [value for value in values if isinstance(value, int) and abs(value) >= WHOLE]
        if not long:
            numbers = [math.nan if _kind(value) == "missing" else float(value) for value in values]
            return Typed(column=np.array(numbers, dtype=np.float64))
        note = f"column {name!r}: whole numbers such as {long[0]} pass double precision and stay text"
        return Typed(column=_objects(values, str), notes=(note,))
    if kind == "structure":
        note = f"column {name!r} holds nested values; they were kept as JSON text"
        return Typed(
            column=_objects(values, lambda value: json.dumps(value, ensure_ascii=False, default=str)), notes=(note,)
        )
    written: dict[str, Callable[[Any], object]] = {
        "text": str,
        "truth value": lambda value: "true" if value else "false",
        "date": lambda value: value.isoformat(),
        "list of texts": tuple,
    }
    return Typed(column=_objects(values, written[kind]))


def _objects(values: Sequence[object], write: Callable[[Any], object]) -> NDArray[np.object_]:
    written = (None if _kind(value) == "missing" else write(value) for value in values)
    return np.fromiter(written, dtype=object, count=len(values))


def _mixed(values: Sequence[object], kinds: Counter[str], *, name: str, place: Place) -> Typed:
    """Numbers and texts: words for missing are taken as such among numbers, other mixtures are faults."""
    words = Counter(value for value in values if isinstance(value, str))
    if words.keys() <= WORDS_FOR_MISSING:
        numbers = [None if isinstance(value, str) else value for value in values]
        said = ", ".join(f"{quoted(word)} ({count:,})" for word, count in words.most_common())
        typed = _uniform(numbers, "number", name=name)
        return Typed(column=typed.column, notes=(*typed.notes, f"column {name!r}: read as missing: {said}"))
    common = "text" if kinds["text"] >= kinds["number"] else "number"
    return _unlike(values, common, name=name, place=place)


def _unlike(values: Sequence[object], common: str, *, name: str, place: Place) -> Typed:
    """A fault for each value that is not of the common kind."""
    faults = [
        Fault(
            where=place(row),
            met=f"column {name!r}: the {_kind(value)} {_shown(value)} among {common}s",
            legal="one kind a column is legal",
        )
        for row, value in enumerate(values)
        if _kind(value) not in {common, "missing"}
    ]
    return Typed(column=np.full(len(values), math.nan), faults=tuple(faults))


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else repr(value)[:40]


def noted_gaps(values: Sequence[object], *, name: str, lines: Sequence[int]) -> tuple[str, ...]:
    """A note where a column of texts holds blank ones; zero-width characters are blank, too."""
    blank = [line for line, value in zip(lines, values, strict=True) if isinstance(value, str) and _is_blank(value)]
    if not blank:
        return ()
    return (f"column {name!r}: {counted(len(blank), 'blank text')} (line {listed(blank)})",)


def _is_blank(text: str) -> bool:
    return len(text) < 20 and not text.strip(" \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff")
