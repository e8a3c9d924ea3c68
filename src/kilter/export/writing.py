"""Answers as a file of rows: CSV or JSON lines."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from kilter.export.predicting import Answer
from kilter.values.errors import UsageError
from kilter.values.json_form import dumps

ENDINGS = (".csv", ".jsonl")


def as_csv(answers: Sequence[Answer]) -> str:
    """A header and a line for each answer: id, prediction, and the probability of each class."""
    labels = tuple(answers[0].probabilities) if answers else ()
    stream = StringIO(newline="")
    # A lone carriage return ends a line for readers, yet the writer does not quote it by itself.
    lone = any("\r" in text for one in answers for text in (one.id, str(one.decided), *one.probabilities))
    writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL if lone else csv.QUOTE_MINIMAL)
    writer.writerow(("id", "prediction", *(f"probability of {label}" for label in labels)))
    writer.writerows((one.id, one.decided, *(repr(one.probabilities[label]) for label in labels)) for one in answers)
    return stream.getvalue()


def as_json_lines(answers: Sequence[Answer]) -> str:
    """A JSON object for each answer: id, prediction, and the probabilities by class."""
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
