"""Reading MLflow's stores: the folder mlruns/ and the database mlflow.db. The package mlflow is not needed."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final
from urllib.parse import quote

from kilter.logs.points import history_of
from kilter.logs.run_names import distinct_names
from kilter.values.errors import DataError
from kilter.values.log import Log

_LEGAL: Final = "the folder mlruns/, an experiment's or a run's folder in it, or a database mlflow.db"
_DATABASE: Final = b"SQLite format 3\0"
_LARGEST: Final = sys.float_info.max
"""The database has it in the place of infinity (mlflow, store/tracking/sqlalchemy_store.py)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    id: str
    name: str
    start: int  # milliseconds
    points: dict[str, list[tuple[int, float]]]
    notes: tuple[str, ...] = ()


def read_mlflow(path: Path) -> tuple[Log, ...]:
    """The runs of a store, oldest first, under the names that were logged.

    Runs that were deleted, and such without a metric, are left out.

    Raises:
        DataError: there is no such store, it has no run with a metric, or it cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path} is not there", legal=_LEGAL)
    database = path if path.is_file() else path / "mlflow.db"
    found = (
        _of_database(database)
        if database.is_file()
        else _of_folder(path / "mlruns" if (path / "mlruns").is_dir() else path)
    )
    runs = sorted((run for run in found if run.points), key=lambda run: (run.start, run.id))
    if not runs:
        raise DataError(f"{path} has no run with a metric", legal=_LEGAL)
    names = distinct_names([(run.name, run.id[:8]) for run in runs])
    logs: list[Log] = []
    for name, run in zip(names, runs, strict=True):
        history, supposed = history_of({key: run.points[key] for key in sorted(run.points)})
        logs.append(Log(name=name, history=history, notes=(*run.notes, *supposed)))
    return tuple(logs)


def _of_database(path: Path) -> Iterator[_Run]:
    try:
        with path.open("rb") as file:
            if file.read(len(_DATABASE)) != _DATABASE:
                raise DataError(f"{path} is no SQLite database", legal=_LEGAL)
        # Read-only: a store is left as it was, also one that a training writes at the same time.
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as store:
            runs = store.execute(
                "SELECT run_uuid, name, start_time FROM runs WHERE lifecycle_stage = 'active'",
            ).fetchall()
            metrics = store.execute(
                'SELECT run_uuid, "key", step, value, is_nan FROM metrics ORDER BY timestamp, rowid',
            )
            points: dict[str, dict[str, list[tuple[int, float]]]] = {}
            for run, key, step, value, is_nan in metrics:
                number = math.nan if is_nan else math.copysign(math.inf, value) if abs(value) == _LARGEST else value
                points.setdefault(run, {}).setdefault(key, []).append((step, float(number)))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal=_LEGAL) from None
    except sqlite3.Error as error:
        raise DataError(f"{path}: {error}", legal="a database as MLflow 1.0 and later make it") from None
    for run, name, start in runs:
        yield _Run(id=run, name=name or "", start=start or 0, points=points.get(run, {}))


def _of_folder(path: Path) -> Iterator[_Run]:
    """Runs of a store's, an experiment's or a run's folder; deleted ones stand in `.trash` or say so."""
    for depth in ("", "*/", "*/*/"):
        for metrics in sorted(path.glob(f"{depth}metrics")):
            about = _about(metrics.with_name("meta.yaml"))
            if metrics.is_dir() and about.get("run_id") and about.get("lifecycle_stage", "active") == "active":
                yield _of_files(metrics, about)


def _about(path: Path) -> dict[str, object]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        about = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, YAMLError) as error:
        raise DataError(f"{path} cannot be read: {error}", legal="a meta.yaml as MLflow writes it") from None
    return about if isinstance(about, dict) else {}


def _of_files(metrics: Path, about: dict[str, object]) -> _Run:
    points: dict[str, list[tuple[int, float]]] = {}
    notes: list[str] = []
    for file in sorted(metrics.rglob("*")):
        if file.is_file():
            key = file.relative_to(metrics).as_posix()
            points[key], broken = _points(file)
            if broken:
                notes.append(f"{broken} lines of {file.name} are no metric and are left out.")
    start = about.get("start_time")
    return _Run(
        id=str(about["run_id"]),
        name=str(about.get("run_name") or ""),
        start=start if isinstance(start, int) else 0,
        points={key: written for key, written in points.items() if written},
        notes=tuple(notes),
    )


def _points(file: Path) -> tuple[list[tuple[int, float]], int]:
    """A metric's points, a line each: milliseconds, value, step (of old, none); and how many lines are no point."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read: {error}", legal="a metric as MLflow writes it") from None
    points: list[tuple[int, float]] = []
    broken = 0
    for line in lines:
        try:
            _, value, *step = line.split()
            points.append((int(step[0]) if step else 0, float(value)))
        except ValueError:
            broken += 1
    return points, broken
