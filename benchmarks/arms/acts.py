"""What a process of an arm does: find a number, or train; and the CPU seconds that it took."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from kilter.engine.predicting import predict
from kilter.project.assembling import load_dataset
from kilter.project.finding import find_batch_size, find_learning_rate, subject_of
from kilter.project.flow import run_project
from kilter.project.progress import Silence
from kilter.project.reading import project_given
from kilter.project.seeking import rounded
from kilter.project.stages import Work, restore_model
from kilter.training.events import Evaluated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.project.reading import Project
    from kilter.training.events import Event
    from kilter.values.history import History
    from kilter.values.run import Run, Stage


def find_batch(path: Path, laid: list[str]) -> dict[str, float]:
    """A batch size, and what finding it took."""
    pipeline = subject_of(path, laid)
    began = _now()
    found = find_batch_size(pipeline)
    return {"found": found.size, "seconds": _now() - began}


def find_rate(path: Path, laid: list[str]) -> dict[str, float]:
    """A learning rate, and what finding it took."""
    pipeline = subject_of(path, laid)
    began = _now()
    found = find_learning_rate(pipeline)
    return {"found": rounded(found.rate), "seconds": _now() - began}


def train(path: Path, laid: list[str]) -> dict[str, Any]:
    """Train, and answer the test rows: what a `Training` holds."""
    project = project_given(path, laid)
    clock = Clock()
    run = run_project(project, stages=("train",), progress=clock)
    recipe = run.config
    batch, first, last = recipe["batch"], clock.evaluated[1], clock.evaluated[-1]
    return {
        "seconds": clock.seconds,
        "before": first,
        "epoch": (last - first) / (len(clock.evaluated) - 2),
        "steps": clock.steps,
        "batch": str(batch["size"] or f"{batch['tokens']} tokens"),
        "rate": recipe["optimizer"]["learning_rate"],
        "epochs": len(clock.evaluated) - 1,
        "merits": (100 * _answered(project, run)).tolist(),
    }


ACTS: Final = MappingProxyType({"batch": find_batch, "rate": find_rate, "train": train})


def _answered(project: Project, run: Run) -> NDArray[np.float64]:
    """What each test row adds to the score of the best weights of a run."""
    work = Work(project=project, folder=run.path, progress=Silence(), dataset=load_dataset(project))
    restore_model(work)
    pipeline, model = work.assembled(), work.model
    assert model is not None
    rows = predict(pipeline, model, pipeline.splits["test"], device=work.device).predictions
    if project.file.task != "regression":  # the mean of merits is the accuracy, or the F1 of spans
        return rows.merit
    true, said = (np.asarray(each, np.float64) for each in (rows.target, rows.decided))
    return 1 - (true - said) ** 2 / true.var()  # whose mean is R²


@final
class Clock:
    """Counts the CPU seconds of a training from its assembling on, child processes among them."""

    def __init__(self) -> None:
        self._start = _now()
        self.seconds = 0.0
        self.evaluated: list[float] = []
        self.steps = 0

    def began(self, stage: str) -> None:
        """Assembling counts, too."""

    def told(self, line: str) -> None:
        """Nothing hangs on it."""

    def planned(self, steps: int | None, seconds: float | None = None) -> None:
        """Nothing hangs on it."""

    def flush(self) -> None:
        """Nothing hangs on it."""

    def see(self, event: Event, history: History) -> None:
        """Evaluations end epochs."""
        if isinstance(event, Evaluated):
            self.evaluated.append(_now() - self._start)
            self.steps = event.step

    def ended(self, stage: Stage) -> None:
        """What it took."""
        self.seconds = _now() - self._start


def _now() -> float:
    return sum(os.times()[:4])
