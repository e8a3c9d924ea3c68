"""Answers as a file of rows: CSV or JSON lines."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from kilter.export.predicting import Answer
from kilter.values.errors import UsageError
from kilter.values.json_form import dumps

ENDINGS = (".csv", ".jsonl")


def as_csv(answers: Sequence[Answer]) -> str:
    """A header and a line for each answer: id, prediction, and the probability of each class, or each quantile.

    Where there are several target columns, each has a prediction of its own. A list stands in one cell, tags parted by
    spaces and labels by `|`; whatever else is known of an answer stands in JSON lines only.
    """
    rows = [_cells(one) for one in answers]
    header = list(dict.fromkeys(name for row in rows for name in row)) or ["id", "prediction"]
    stream = StringIO(newline="")
    # A lone carriage return ends a line for readers, yet the writer does not quote it by itself.
    lone = any("\r" in text for row in rows for pair in row.items() for text in pair)
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL if lone else csv.QUOTE_MINIMAL)
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    return stream.getvalue()


def _cells(one: Answer) -> dict[str, str]:
    cells = {"id": one.id}
    if isinstance(one.decided, Mapping):
        cells |= {f"prediction of {name}": _cell(value, one.between) for name, value in one.decided.items()}
    else:
        cells["prediction"] = _cell(one.decided, one.between)
    for name, share in one.probabilities.items():
        if isinstance(share, Mapping):
            cells |= {f"probability of {name} {label}": repr(part) for label, part in share.items()}
        else:
            cells[f"probability of {name}"] = repr(share)
    cells |= {f"quantile {level}": repr(amount) for level, amount in one.more.get("quantiles", {}).items()}
    return cells


def _cell(value: object, between: str) -> str:
    return between.join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def as_json_lines(answers: Sequence[Answer]) -> str:
    """A JSON object for each answer: id, prediction, the probabilities by class, and what else is known of it."""
    return "".join(f"{dumps(one.form())}\n" for one in answers)


def refuse_target(path: Path) -> None:
    """Make sure, before time is spent, that answers can be written there.

    Raises:
        UsageError: another ending, or a folder that cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path} ends in {path.suffix or 'nothing'!r}", legal=f"{' and '.join(ENDINGS)} are written")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written", legal="a folder that is there", remedy="name another")


def write_answers(path: Path, answers: Sequence[Answer]) -> None:
    """Write answers whole or not at all, in the form that the file's ending names.

    Raises:
        UsageError: another ending, or the disk refuses.
    """
    refuse_target(path)
    text = as_csv(answers) if path.suffix == ".csv" else as_json_lines(answers)
    temporary = path.with_name(f".{path.name}.writing")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(
            f"{path} could not be written: {error.strerror or error}", legal="what was there before is untouched"
        ) from error
