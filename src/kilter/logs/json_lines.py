"""Reading logs that are JSON: a row a line, a list of rows, or lists by name."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.logs.labels import parted_row
from kilter.values.errors import DataError
from kilter.values.history import History
from kilter.values.log import Log

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEGAL: Final = "one JSON object a line, a list of objects, or an object of lists; numbers by name"
_WRITTEN: Final = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|nan|inf|infinity)", re.IGNORECASE)
"""A number as text: JSON has no word for some, and people format others."""


def read_json_log(path: Path) -> Log:
    """The log of a JSON or JSON lines file, with its own names; its steps are the numbers of its rows, from 1.

    Objects inside a row are opened: `{"train": {"loss": 1}}` is `train/loss`. Numbers may be written as text, and lines
    may be dictionaries as Python prints them. Other lines are left out and said, so that a log may hold words between
    its rows.

    Raises:
        DataError: it cannot be read, or holds no rows.
    """
    try:
        text = path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a file that can be read") from None
    rows, notes = _rows(text)
    history, texts = history_of_rows(rows)
    if not history.names:
        raise DataError(f"{path} holds no rows of numbers", legal=_LEGAL)
    if texts:
        notes += (f"What is no number is left out: {', '.join(texts)}.",)
    return Log(name=path.stem, history=history, notes=notes)


def history_of_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[History, tuple[str, ...]]:
    """A history whose steps are the numbers of the rows, from 1; and the names whose values are never numbers."""
    columns: dict[str, tuple[list[int], list[float]]] = {}
    texts: dict[str, None] = {}
    count = 0
    for row in rows:
        for name, value in _opened(parted_row(row)):
            number = value if type(value) is float else _number(value)
            if number is None:
                if value is not None:
                    texts[name] = None
                continue
            column = columns.get(name)
            if column is None:
                column = columns[name] = ([], [])
            column[0].append(count)
            column[1].append(number)
        count += 1
    arrays = {name: (np.array(at, np.int64), np.array(of, np.float64)) for name, (at, of) in columns.items()}
    steps: NDArray[np.int64] = np.arange(1, count + 1)
    return History.of_columns(steps, arrays), tuple(name for name in texts if name not in columns)


def history_of_lists(lists: Mapping[str, Iterable[Any]]) -> History:
    """A history of values by name, as the `history` of Keras has them; the steps are their places, from 1.

    >>> history_of_lists({"loss": [2.0, 1.0], "val_loss": [1.5]})
    History(2 rows to step 2: loss, val_loss)
    """
    columns: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
    longest = 0
    for name, given in lists.items():
        values = [_number(value) for value in given]
        longest = max(longest, len(values))
        places = [place for place, value in enumerate(values) if value is not None]
        kept = np.array([value for value in values if value is not None], np.float64)
        columns[name] = np.array(places, np.int64), kept
    return History.of_columns(np.arange(1, longest + 1), columns)


def _rows(text: str) -> tuple[Iterable[Mapping[str, Any]], tuple[str, ...]]:
    if text.lstrip().startswith("["):
        whole = _whole(text)
        if isinstance(whole, list):
            return [row for row in whole if isinstance(row, dict)], ()
    rows: list[Mapping[str, Any]] = []
    strange: list[int] = []
    last = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line or line.isspace():
            continue
        last = number
        row = _whole(line)
        if isinstance(row, dict):
            rows.append(row)
        else:
            strange.append(number)
    if not rows or (len(rows) == 1 and not strange):
        whole = _whole(text)
        opened = dict(_opened(whole)) if isinstance(whole, dict) else {}
        lists = {name: value for name, value in opened.items() if isinstance(value, list)}
        if lists and not any(_number(value) is not None for value in opened.values()):
            return _across(lists), ()
        if isinstance(whole, dict) and not rows:
            return [whole], ()
    if strange == [last]:
        return rows, (f"Line {last:,} was cut short and is left out.",)
    said = (
        f"{len(strange):,} lines are no JSON objects and are left out, the first of them line {strange[0]:,}."
        if (strange)
        else ""
    )
    return rows, (said,) if said else ()


def _across(lists: Mapping[str, list[Any]]) -> Iterator[Mapping[str, Any]]:
    for place in range(max((len(values) for values in lists.values()), default=0)):
        yield {name: values[place] for name, values in lists.items() if place < len(values)}


def _whole(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if not text.lstrip().startswith("{'"):
        return None
    try:  # a dictionary as Python prints it, such as transformers' Trainer does
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _opened(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if type(value) is dict:
            yield from ((f"{name}/{inner}", found) for inner, found in _opened(value))
        else:
            yield name, value


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        return float(value)
    return None
