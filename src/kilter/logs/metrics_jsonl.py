"""Reading metrics.jsonl, the log that kilter itself writes: one JSON object a row."""

from __future__ import annotations

import json
from pathlib import Path

from kilter.values.errors import DataError, Fault
from kilter.values.history import History
from kilter.values.log import Log

_MOST_FAULTS = 20


def read_log(path: Path) -> Log:
    """The curves of a metrics.jsonl.

    A last line that a kill has cut short is left out and said; its row was never promised to be there.

    Raises:
        DataError: the file cannot be read, or lines before the last are no rows.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a metrics.jsonl written by kilter") from None
    history = History()
    notes: list[str] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            step, values = _row(line)
        except ValueError as error:
            if number == len(lines):
                notes.append(f"{path.name}:{number} was cut short and is left out")
            else:
                faults.append(Fault(where=f"{path.name}:{number}", met=str(error), legal='rows are {"step": 1, ...}'))
            continue
        history = history.append(step, values)
    if faults:
        raise DataError(f"{len(faults)} lines of {path} are no rows", faults=faults[:_MOST_FAULTS])
    return Log(name=path.parent.name or path.name, history=history, notes=tuple(notes))


def _row(line: bytes) -> tuple[int, dict[str, float]]:
    try:
        row = json.loads(line)
    except ValueError:
        message = "it is no JSON"
        raise ValueError(message) from None
    if not isinstance(row, dict) or type(row.get("step")) is not int:
        message = "there is no step"
        raise ValueError(message)
    step = row.pop("step")
    # JSON has no word for numbers that are none; they stand as "nan", "inf" and "-inf".
    for name, value in row.items():
        if type(value) is not float:
            row[name] = _number(name, value)
    return step, row


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not (isinstance(value, int | float) or value in {"nan", "inf", "-inf"}):
        message = f"{name} is no number"
        raise ValueError(message)
    return float(value)
