"""Reading trainer_state.json, in which Hugging Face's Trainer keeps what it logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from kilter.logs.json_lines import history_of_rows
from kilter.values.errors import DataError
from kilter.values.log import Log

NAME: Final = "trainer_state.json"

_SUMMARY: Final = "train_runtime"
"""Stands in the row that is written at the very end, of means over the whole training; no point of a curve."""


def is_trainer_state(state: object) -> bool:
    """Whether a JSON document is the state of a Trainer."""
    return isinstance(state, dict) and isinstance(state.get("log_history"), list)


def read_trainer_state(path: Path) -> Log:
    """The log of a Trainer, with the names that it uses; its steps are the numbers of its rows, from 1.

    The last row, which sums the training up, is left out: its `train_loss` is a mean over all steps.

    Raises:
        DataError: it cannot be read, or is no state of a Trainer.
    """
    try:
        state: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a file that can be read") from None
    except ValueError as error:
        raise DataError(f"{path} is no JSON: {error}", legal="a trainer_state.json, whole") from None
    if not is_trainer_state(state):
        raise DataError(f"{path} has no log_history", legal="a trainer_state.json as transformers.Trainer writes it")
    rows = [row for row in state["log_history"] if isinstance(row, dict) and _SUMMARY not in row]
    history, _ = history_of_rows(rows)
    folder = path.parent
    name = folder.parent.name if folder.name.startswith("checkpoint-") else folder.name
    return Log(name=name or path.stem, history=history)
