"""Runs against each other, on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from kilter.evaluation.comparing import compare_all
from kilter.evaluation.storing import read_predictions
from kilter.project.folder import TASK, load_run, read_json
from kilter.project.recording import predictions_path
from kilter.values.comparison import Comparison
from kilter.values.errors import UsageError
from kilter.values.evaluation import Evaluation
from kilter.values.run import Run


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """Several runs on one split: the scores of each, and the first against each of the others."""

    split: str
    evaluations: tuple[Evaluation, ...]  # named after their runs
    comparisons: tuple[Comparison, ...]


def compare_runs(paths: Sequence[str | Path], *, split: str = "test") -> Rivals:
    """Test the first run against each of the others, pair by pair on the same examples.

    Raises:
        UsageError: fewer than two runs, one twice, runs of other tasks or on other examples, or without predictions.
        DataError: a run's files are broken.
    """
    runs = [load_run(path) for path in paths]
    if len(runs) < 2 or len({run.path.resolve() for run in runs}) < len(runs):
        raise UsageError(
            f"{len({run.path.resolve() for run in runs})} run to compare",
            legal="two runs or more, each once",
            remedy="name another run; the first one is compared with the others",
        )
    names = _names(runs)
    tasks = [read_json(run.path / TASK) if (run.path / TASK).exists() else {} for run in runs]
    for name, task in zip(names, tasks, strict=True):
        if task.get("labels") != tasks[0].get("labels") or task.get("name") != tasks[0].get("name"):
            raise UsageError(
                f"{name} and {names[0]} were taught different things",
                legal="runs of one task with the same labels",
                remedy="compare runs on the same data",
            )
    predictions = {}
    for name, run in zip(names, runs, strict=True):
        path = predictions_path(run.path, "model", split)
        if not path.exists():
            there = sorted(file.name.split(".")[1] for file in path.parent.glob("model.*.jsonl"))
            raise UsageError(
                f"{name} has no predictions on {split!r}",
                legal=f"there are those on {', '.join(there)}" if there else "it was not evaluated",
                remedy="evaluate it: `kilter evaluate`" if not there else "name that split by --split",
            )
        predictions[name] = read_predictions(path)
    found = [(name, run.evaluation(split)) for name, run in zip(names, runs, strict=True)]
    return Rivals(
        split=split,
        evaluations=tuple(replace(evaluation, model=name) for name, evaluation in found if evaluation is not None),
        comparisons=compare_all(predictions, model=names[0], split=split, merit=_merit(runs)),
    )


def _merit(runs: Sequence[Run]) -> str | None:
    """What the mean merit is, as the runs' own comparisons call it; None where there are none, or they disagree.

    The task knows it, too, but to read a task takes torch.
    """
    called = {comparison.difference.name for run in runs for comparison in run.comparisons}
    return called.pop() if len(called) == 1 else None


def _names(runs: Sequence[Run]) -> list[str]:
    """The folders' names, or their paths where two folders have one name."""
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.path) for run in runs]
