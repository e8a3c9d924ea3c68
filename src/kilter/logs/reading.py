"""Reading whatever recorded a training: tells the kind of a log by what lies at a path."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from kilter.logs.columns import chosen_columns
from kilter.logs.json_lines import read_json_log
from kilter.logs.metrics_jsonl import read_log
from kilter.logs.mlflow import read_mlflow
from kilter.logs.naming import named
from kilter.logs.tables import read_table
from kilter.logs.tensorboard import read_tensorboard
from kilter.logs.trainer_state import NAME as TRAINER_STATE
from kilter.logs.trainer_state import is_trainer_state, read_trainer_state
from kilter.logs.wandb import read_wandb
from kilter.values.errors import DataError, UsageError
from kilter.values.log import Log
from kilter.values.validation import nearest

LEGAL: Final = (
    "a run of kilter; TensorBoard's event files; wandb/ or a run-*.wandb in it; mlruns/ or mlflow.db;"
    " trainer_state.json or the folder of its checkpoints; a CSV file, as Lightning and Keras write it; JSON lines;"
    " or a folder of these"
)
"""What can be read."""

_SQLITE: Final = b"SQLite format 3\0"
_TEXTS: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".log")
_UNSAYING: Final = frozenset(
    {"metrics", "log", "logs", "history", "training", "training_log", "train_log", "progress", "results", "scalars"}
)
"""Names of files that do not tell one run from another; the folder's does."""
_DEEPEST: Final = 4  # folders below the one that was named in which files of text are looked for
_MOST_TEXTS: Final = 500
_CHECKPOINT: Final = re.compile(r"checkpoint-(\d+)")

Reader = Callable[[Path], tuple[Log, ...]]


def read_logs(path: str | Path, columns: Mapping[str, str] | None = None) -> tuple[Log, ...]:
    """The runs that are recorded at a path, their curves under kilter's names.

    Args:
        path: a file, or a folder of one or more runs; `LEGAL` says what can be read.
        columns: of curves, such as `train_loss`, the columns that are to be taken for them.

    Raises:
        DataError: nothing there is a log, or one is broken.
        UsageError: a column that no log has, or a curve that there is not.
    """
    path = Path(path)
    chosen = chosen_columns(columns or {})
    if not path.exists():
        raise DataError(f"{path} is not there", legal=LEGAL)
    written, numbered = _in_folder(path) if path.is_dir() else _in_file(path)
    _refuse_absent(chosen, written, path)
    return tuple(named(log, chosen, numbered=numbered) for log in written)


def _in_file(path: Path) -> tuple[tuple[Log, ...], bool]:
    """The logs of a file as it has them, and whether their steps are only numbers of rows."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a file that can be read") from None
    if path.suffix == ".wandb":
        return read_wandb(path), False
    if "tfevents" in path.name:
        return read_tensorboard(path), False
    if start.startswith(_SQLITE):
        return read_mlflow(path), False
    if b"\0" in start:
        raise DataError(f"{path} is no log that kilter knows", legal=LEGAL)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return (_called(read_table(path), path),), True
    if path.name == TRAINER_STATE or (path.suffix == ".json" and _holds_a_trainer_state(path)):
        return (read_trainer_state(path),), True
    return (_called(read_json_log(path), path),), True


def _in_folder(folder: Path) -> tuple[tuple[Log, ...], bool]:
    """The logs of a folder: of its first kind that there is, since one training is often written in two ways."""
    files = _files(folder)
    kinds: list[tuple[str, list[Path], Callable[[], tuple[Log, ...]], bool]] = [
        ("runs of kilter", _own_runs(files), lambda: _own(folder, files), False),
        ("files of W&B", [f for f in files if f.suffix == ".wandb"], lambda: read_wandb(folder), False),
        ("MLflow's store", _stores(folder, files), lambda: read_mlflow(folder), False),
        ("states of the Trainer", _states(files), lambda: tuple(map(read_trainer_state, _states(files))), True),
        ("TensorBoard's event files", _events(files), lambda: read_tensorboard(folder), False),
        ("tables", _texts(folder, files), lambda: _tables(folder, _texts(folder, files)), True),
    ]
    there = [kind for kind in kinds if kind[1]]
    if not there:
        raise DataError(f"{folder} holds no log that kilter knows", legal=LEGAL)
    (what, _, read, numbered), *others = there
    logs = read()
    also = [name for name, *_ in others if name != "tables"]
    if also:
        note = f"Of {folder.name or folder} the {what} were read; there are also {' and '.join(also)}."
        logs = tuple(replace(log, notes=(*log.notes, note)) for log in logs)
    return logs, numbered


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        found += [Path(at) / name for name in sorted(names)]
    return found


def _own_runs(files: Iterable[Path]) -> list[Path]:
    """Folders that kilter made."""
    files = set(files)
    return sorted(file.parent for file in files if file.name == "run.json" and file.with_name("metrics.jsonl") in files)


def _own(folder: Path, files: Iterable[Path]) -> tuple[Log, ...]:
    return tuple(replace(read_log(run / "metrics.jsonl"), name=_below(folder, run)) for run in _own_runs(files))


def _stores(folder: Path, files: Iterable[Path]) -> list[Path]:
    """What shows that a folder is, or holds, a store of MLflow's."""
    return [
        file
        for file in files
        if (file.name == "mlflow.db" and file.parent == folder)
        or (file.name == "meta.yaml" and len(file.relative_to(folder).parts) <= 4)
    ]


def _states(files: Iterable[Path]) -> list[Path]:
    """Of each training the state that was written last: that of the whole, or of the checkpoint with most steps."""
    newest: dict[Path, tuple[float, Path]] = {}
    for file in files:
        if file.name == TRAINER_STATE:
            checkpoint = _CHECKPOINT.fullmatch(file.parent.name)
            training = file.parent.parent if checkpoint else file.parent
            steps = float(checkpoint[1]) if checkpoint else float("inf")
            if training not in newest or steps > newest[training][0]:
                newest[training] = steps, file
    return [file for _, file in newest.values()]


def _events(files: Iterable[Path]) -> list[Path]:
    return [file for file in files if "tfevents" in file.name]


def _texts(folder: Path, files: Iterable[Path]) -> list[Path]:
    near = [file for file in files if len(file.relative_to(folder).parts) <= _DEEPEST]
    return [file for file in near if file.suffix.lower() in _TEXTS][:_MOST_TEXTS]


def _tables(folder: Path, files: Sequence[Path]) -> tuple[Log, ...]:
    """The logs among files of text: those in which a loss or a score is recognised."""
    logs: list[Log] = []
    for file in files:
        try:
            (log,), _ = _in_file(file)
        except DataError:
            continue
        known = named(log, numbered=True)
        if len(log.history) > 1 and any(curve.startswith(("train.loss", "valid.")) for curve in known.taken):
            logs.append(replace(log, name=_table_name(folder, file)))
    if not logs:
        raise DataError(
            f"{folder} holds {len(files)} files of text, and none has a column of losses", legal=LEGAL,
            remedy="name the file itself, and say what its columns are: --column train_loss=NAME",
        )  # fmt: skip
    return tuple(logs)


def _called(log: Log, file: Path) -> Log:
    """A log under the name of its file, or of its folder where the file's says nothing."""
    return replace(log, name=file.stem if _tells(file) else file.resolve().parent.name or file.stem)


def _below(folder: Path, at: Path) -> str:
    """How a run in a folder of several is called: the way to it, or the folder's own name."""
    return folder.resolve().name if at == folder else at.relative_to(folder).as_posix()


def _table_name(folder: Path, file: Path) -> str:
    return _below(folder, file.with_suffix("") if _tells(file) else file.parent)


def _tells(file: Path) -> bool:
    return file.stem.lower() not in _UNSAYING


def _holds_a_trainer_state(path: Path) -> bool:
    try:
        return is_trainer_state(json.loads(path.read_text("utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return False


def _refuse_absent(chosen: Mapping[str, str], logs: Iterable[Log], path: Path) -> None:
    there = list(dict.fromkeys(name for log in logs for name in log.history))
    for curve, name in chosen.items():
        if name not in there:
            raise UsageError(f"{path} has no column {name!r} for {curve}", legal=nearest(name, there))
