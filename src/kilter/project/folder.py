"""The run folder: where each thing lies, written so that no half of it is ever taken for the whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from kilter.logs.metrics_jsonl import read_log
from kilter.report.interpretation import read_answers
from kilter.tracking.samples_jsonl import SAMPLES, read_samples
from kilter.values.batch_suggestion import BatchSuggestion
from kilter.values.comparison import Comparison
from kilter.values.cost import Cost
from kilter.values.curve_names import VALID_LOSS
from kilter.values.errors import DataError, KilterError, TrainingError, UsageError
from kilter.values.evaluation import Evaluation
from kilter.values.expectation import Expected
from kilter.values.history import History
from kilter.values.json_form import dumps, from_json
from kilter.values.plan import Plan
from kilter.values.rate_suggestion import RateSuggestion
from kilter.values.run import Run, Stage
from kilter.values.walkthrough import Walkthrough

FORMAT: Final = 1
STATUSES: Final = ("running", "done", "gated", "failed", "interrupted")

PROJECT: Final = "kilter.yaml"
CONFIG: Final = "config.json"
ENVIRONMENT: Final = "environment.json"
STATUS: Final = "run.json"
LOG: Final = "metrics.jsonl"
PREPROCESSING: Final = "preprocessing.json"
TASK: Final = "task.json"
CHECKPOINTS: Final = "checkpoints"
EVALUATION: Final = "evaluation.json"
PREDICTIONS: Final = "predictions"
WALKTHROUGH: Final = "walkthrough.json"
PLAN: Final = "plan.json"
COST: Final = "cost.json"
CONSULTED: Final = "consulted.json"
INTERPRETATION: Final = "interpretation.md"
EXPECTED: Final = "expected.json"
BATCH_SUGGESTION: Final = "batch_size.json"
RATE_SUGGESTION: Final = "learning_rate.json"
REPORT: Final = "report.html"

Value = TypeVar("Value")


def create_run(parent: Path, name: str, *, now: datetime | None = None) -> Path:
    """A new folder `<parent>/<date>_<time>_<name>`; a number follows where that name is taken.

    Raises:
        UsageError: the folder cannot be made.
    """
    now = now or datetime.now().astimezone()
    stem = f"{now:%Y-%m-%d_%H%M%S}_{name}"
    number = 1
    while True:
        path = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not parent.is_dir():
                raise UsageError(f"{parent} is a file", legal="runs go into a folder", remedy="name another") from None
            number += 1
        except OSError as error:
            raise UsageError(
                f"{path} cannot be made: {error.strerror or error}", legal="runs go into a folder that can be written"
            ) from None
        else:
            return path


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: temporary name, fsync, rename.

    Raises:
        TrainingError: the disk refuses; what the file said before stands.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise TrainingError(
            f"{path} could not be written: {error.strerror or error}",
            legal="what was there before is untouched",
            remedy="make room, then run the command again",
        ) from error


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON that can be read by hand.

    Raises:
        TrainingError: the disk refuses; what the file said before stands.
    """
    write_text(path, dumps(value, indent=1) + "\n")


def write_status(run: Path, status: str, stages: Iterable[Stage]) -> None:
    """How far a run has come: `running`, `done`, `gated`, `failed` or `interrupted`, and its stages so far."""
    write_json(run / STATUS, {"format": FORMAT, "status": status, "stages": list(stages)})


def write_results(
    run: Path,
    evaluations: Iterable[Evaluation],
    comparisons: Iterable[Comparison],
    *,
    ladder: Iterable[Comparison] = (),
    untrained: Evaluation | None = None,
) -> None:
    """The scores of a run, and who beats whom."""
    results = {
        "format": FORMAT,
        "evaluations": list(evaluations),
        "comparisons": list(comparisons),
        "ladder": list(ladder),
        "untrained": untrained,
    }
    write_json(run / EVALUATION, results)


def load_run(path: str | Path) -> Run:
    """All that is known of a run, read from its folder; a run under way can be read, too.

    Raises:
        UsageError: it is no run's folder.
        DataError: a file of it is broken.
    """
    path = Path(path)
    if not (path / STATUS).is_file():
        there = "it does not exist" if not path.exists() else f"it has no {STATUS}"
        raise UsageError(
            f"{path} is no run: {there}",
            legal="a run is a folder that `kilter run` or `kilter train` made, such as runs/2026-01-31_120000_name",
        )
    status = read_json(path / STATUS)
    results = read_json(path / EVALUATION) if (path / EVALUATION).exists() else {}
    looks = read_json(path / CONSULTED).get("looks", {}) if (path / CONSULTED).exists() else {}
    try:
        history = read_log(path / LOG).history if (path / LOG).exists() else History()
        return Run(
            path=path,
            status=_known(status["status"]),
            config=read_json(path / CONFIG) if (path / CONFIG).exists() else {},
            environment=read_json(path / ENVIRONMENT) if (path / ENVIRONMENT).exists() else {},
            stages=from_json(tuple[Stage, ...], status["stages"]),
            history=history,
            evaluations=from_json(tuple[Evaluation, ...], results.get("evaluations", [])),
            comparisons=from_json(tuple[Comparison, ...], results.get("comparisons", [])),
            ladder=from_json(tuple[Comparison, ...], results.get("ladder", [])),
            untrained=None if results.get("untrained") is None else from_json(Evaluation, results["untrained"]),
            walkthrough=read_value(Walkthrough, path / WALKTHROUGH),
            plan=read_value(Plan, path / PLAN),
            expected=read_expected(path),
            consulted=_consulted(looks, history),
            samples=read_samples(path / SAMPLES),
            cost=read_value(Cost, path / COST),
            batch_size=read_value(BatchSuggestion, path / BATCH_SUGGESTION),
            learning_rate=read_value(RateSuggestion, path / RATE_SUGGESTION),
            interpretation=_answers(path / INTERPRETATION),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, error) from error


def read_value(kind: type[Value], path: Path) -> Value | None:
    """A value that stands in a file of its own; None where there is no such file.

    Raises:
        DataError: it cannot be read.
    """
    if not path.exists():
        return None
    data = read_json(path)
    try:
        return from_json(kind, data)
    except ValueError as error:
        raise _broken(path, error) from error


def read_expected(run: Path) -> Expected | None:
    """What was expected of a run, and what became of it; None where nothing was.

    Raises:
        DataError: it cannot be read.
    """
    path = run / EXPECTED
    if not path.exists():
        return None
    data = {name: value for name, value in read_json(path).items() if name != "format"}
    try:
        return from_json(Expected, data)
    except ValueError as error:
        raise _broken(path, error) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a run's folder.

    Raises:
        DataError: it cannot be read, is no JSON, or was written by a kilter that is newer than this one.
    """
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a file that a run has written") from None
    except ValueError as error:
        raise _broken(path, error) from None
    if not isinstance(data, dict):
        raise _broken(path, ValueError("it holds no JSON object"))
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise DataError(
            f"{path} has format {data['format']}", legal=f"this kilter reads up to {FORMAT}", remedy="use a newer one"
        )
    return data


def _consulted(looks: Mapping[str, int], history: History) -> Mapping[str, int]:
    """Looks at each held-out split: those that were counted, and of validation each evaluation of the training."""
    while_training = len(history[VALID_LOSS].steps) if VALID_LOSS in history else 0
    counts = {str(split): int(count) for split, count in looks.items()}
    return counts | ({"valid": counts.get("valid", 0) + while_training} if while_training else {})


def _answers(path: Path) -> Mapping[str, str]:
    """What a person wrote of the results; nothing where there is no such file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return read_answers(path.read_text("utf-8", errors="replace"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}", legal="a Markdown file, or none") from None


def _known(status: object) -> str:
    if status not in STATUSES:
        message = f"status {status!r}; legal are {', '.join(STATUSES)}"
        raise ValueError(message)
    return str(status)


def _broken(path: Path, error: Exception) -> KilterError:
    return DataError(
        f"{path} is broken: {str(error).splitlines()[0]}",
        legal="files of a run are JSON as kilter wrote them",
        remedy="restore it, or run again",
    )
