"""What is said when something went wrong, and the exit code.

0 ok, 1 findings, 2 usage, 3 data, 4 training, 5 an optional package is missing, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kilter.values.errors import Interrupted, KilterError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def exit_code_of(error: BaseException, words: Sequence[str]) -> int:
    """Say an error on stderr, and with `--json` on stdout, too; the exit code that tells its kind.

    Args:
        error: what ended the command.
        words: the command line.
    """
    if isinstance(error, BrokenPipeError):  # the reader of our output has gone: `kilter report RUN | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return UsageError.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        error = Interrupted("interrupted", legal="what was saved before is untouched")
    elif isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f"`{context.command_path} --help` shows what is legal" if context else ""
        error = UsageError(error.format_message().rstrip("."), remedy=hint)
    elif isinstance(error, MemoryError):
        error = KilterError("out of memory", legal="", remedy="use fewer rows, a smaller model or a smaller batch.size")
    if not isinstance(error, KilterError):
        error = _unexpected(error)
    click.echo(f"{type(error).__name__}: {error}", err=True)
    if error.run is not None:
        _say_where(error.run)
    if "--json" in words:
        _say_as_json(error, words)
    return error.exit_code


def _unexpected(error: BaseException) -> KilterError:
    """An error that kilter did not foresee: one line, and a file with all that a report needs."""
    import tempfile
    import traceback

    trace = "".join(traceback.format_exception(error))
    said = str(error).strip().splitlines()
    met = f"{type(error).__name__}: {said[0] if said else 'without a word'}"
    try:
        descriptor, name = tempfile.mkstemp(prefix="kilter-trace-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"command: {' '.join(sys.argv)}\n\n{trace}")
    except OSError:
        click.echo(trace, err=True)
        name = "above"
    where = f"the trace is in {name}" if name != "above" else "the trace stands above"
    return KilterError(
        met,
        legal=f"this is a mistake of kilter's, or of a model or module of yours that it called; {where}",
        remedy="if it is kilter's, please report it with that file",
    )


def _say_where(folder: Path) -> None:
    """Where the run is that an error ended, its best score, and the next command."""
    from kilter.cli.ending import ending_text
    from kilter.project.folder import load_run

    try:
        click.echo(ending_text(load_run(folder)), nl=False, err=True)
    except KilterError:  # the disk that ended it can still refuse
        click.echo(f"run: {folder}", err=True)


def _say_as_json(error: KilterError, words: Sequence[str]) -> None:
    import json

    from kilter.cli.result import SCHEMA

    command = next((word for word in words if not word.startswith("-")), "")
    document = {
        "schema": SCHEMA,
        "command": command,
        "status": "interrupted" if isinstance(error, Interrupted) else "failed",
        "run": None if error.run is None else str(error.run),
        "scores": {},
        "findings": [],
        "error": {
            "kind": type(error).__name__,
            "said": str(error.summary),
            "faults": [
                {"where": fault.where, "met": fault.met, "legal": fault.legal, "remedy": fault.remedy}
                for fault in error.faults
            ],
        },
    }
    click.echo(json.dumps(document, ensure_ascii=False))
