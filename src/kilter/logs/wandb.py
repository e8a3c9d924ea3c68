"""Reading W&B's offline runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from kilter.logs.points import history_of
from kilter.logs.run_names import distinct_names
from kilter.logs.wandb_file import WandbFile, read_wandb_file
from kilter.values.errors import DataError
from kilter.values.log import Log

_LEGAL: Final = "the folder wandb/, a run's folder in it, or a file run-*.wandb"


def read_wandb(path: Path) -> tuple[Log, ...]:
    """The offline runs of a folder that W&B wrote, oldest first, under the names that were logged.

    Steps are those that the run names for its metrics (`define_metric("*", step_metric="trainer/global_step")`, as
    Lightning and transformers do) where that name ends with `step`, else W&B's own, which count calls of `log`. Parts
    of a nested name are joined by dots. What W&B adds is left out but for `_runtime`, the seconds since the run began.
    Runs without a number are left out. The package wandb is not needed.

    Raises:
        DataError: nothing there is a run of W&B, none holds a number, or one cannot be read.
    """
    paths = [path] if path.is_file() else sorted({found.resolve() for found in path.rglob("run-*.wandb")})
    if not paths:
        met = f"{path} has no file run-*.wandb" if path.exists() else f"{path} is not there"
        raise DataError(met, legal=_LEGAL)
    files = [file for file in map(read_wandb_file, paths) if any(values for _, values in file.rows)]
    if not files:
        raise DataError(f"no run of {path} holds a number", legal="runs that logged some")
    names = distinct_names([(file.name, file.run) for file in files])
    return tuple(_log(name, file) for name, file in zip(names, files, strict=True))


def _log(name: str, file: WandbFile) -> Log:
    step_of = _step_of(file)
    named = {step for step in file.steps.values() if step.endswith("step")}
    newest: dict[str, int] = {}
    used: dict[str, None] = {}
    points: dict[str, list[tuple[int, float]]] = {}
    for own, values in file.rows:
        for step in named:
            if values.get(step, math.nan).is_integer():
                newest[step] = int(values[step])
        for metric, value in values.items():
            step = step_of(metric)
            if step in newest:
                used[step] = None
            points.setdefault(metric, []).append((newest.get(step, own), value))
    history, supposed = history_of({metric: points[metric] for metric in sorted(points.keys() - used.keys())})
    taken = [f"Steps are those of {step}, which the run names as its step." for step in used]
    return Log(name=name, history=history, notes=(*file.notes, *taken, *supposed))


def _step_of(file: WandbFile) -> Callable[[str], str]:
    """The metric that counts the steps of another; empty where W&B's own count does."""

    @cache
    def step_of(metric: str) -> str:
        step = file.steps.get(metric)
        if step is None:
            step = next((step for pattern, step in file.steps.items() if fnmatchcase(metric, pattern)), None)
        return step if step is not None and step.endswith("step") else ""

    return step_of
