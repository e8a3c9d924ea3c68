"""Examples, their targets and what was decided of them, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.values.task import Form

if TYPE_CHECKING:
    from kilter.values.predictions import Predictions
    from kilter.values.source import Source
    from kilter.values.task import Task

LONGEST: Final = 240
"""Characters of an input that are kept."""


class Told(NamedTuple):
    """What was true and what was decided."""

    target: str
    decided: str


def in_words(inputs: Mapping[str, object]) -> str:
    r"""The inputs of an example on one line: the value alone where there is one input, else each with its name.

    >>> in_words({"text": "What is\nit?"}), in_words({"age": 31.0, "job": None})
    ('What is it?', 'age: 31, job: missing')
    """
    if len(inputs) == 1:
        return shortened(_value(next(iter(inputs.values()))))
    return shortened(", ".join(f"{name}: {_value(value)}" for name, value in inputs.items()))


def told(predictions: Predictions, task: Task, row: int, source: Source | None) -> Told:
    """What was true and what was decided in a row of predictions, whole."""
    target, decided = predictions.target[row], predictions.decided[row]
    if task.form is Form.MATCH and source is not None:  # a text goes by the number of the first row that has it
        return Told(str(source.example(int(target)).target), str(source.example(int(decided)).target))
    return Told(task.name_of(target), task.name_of(decided))


def confidence(predictions: Predictions, row: int) -> float | None:
    """The probability of what was decided, where the answer is one probability for each of k classes."""
    answer, decided = predictions.answer, predictions.decided
    if answer.ndim != 2 or decided.ndim != 1 or decided.dtype.kind not in "biu":
        return None
    return float(answer[row, int(decided[row])])


def shortened(text: str) -> str:
    r"""Text on one line, cut after `LONGEST` characters.

    >>> shortened("one\ntwo"), len(shortened("word " * 1000)) <= LONGEST
    ('one two', True)
    """
    line = " ".join(text[: 8 * LONGEST].split())
    cut = len(line) > LONGEST or len(text) > 8 * LONGEST
    return f"{line[: LONGEST - 1].rstrip()}…" if cut else line


def a_few(names: Sequence[str], *, most: int = 5) -> str:
    """Names on one line, and how many more there are.

    >>> a_few(("one", "two", "three"), most=2)
    'one, two and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _value(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, np.ndarray) and value.ndim > 1:
        shape = " × ".join(map(str, value.shape))
        return f"{shape} {value.dtype}, mean {float(value.mean()):.4g}" if value.size else shape
    if isinstance(value, list | tuple | np.ndarray):
        return " ".join(_value(item) for item in value[:LONGEST])
    return str(value)
