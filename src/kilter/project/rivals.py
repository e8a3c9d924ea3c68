"""Runs against each other, on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from kilter.evaluation.comparing import compare_all
from kilter.evaluation.comparing_seeds import compare_seeds
from kilter.evaluation.storing import read_predictions
from kilter.project.consulting import consult
from kilter.project.design import read_groups
from kilter.project.folder import TASK, load_run, read_json
from kilter.project.recording import predictions_path
from kilter.values.comparison import Comparison, Effort
from kilter.values.errors import TrainingError, UsageError
from kilter.values.evaluation import Evaluation
from kilter.values.run import Run

COUNTED: Final = ("valid", "test")
"""Splits that are held out, so that looking at them is counted."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """Several runs on one split: the scores of each, and the first against each of the others."""

    split: str
    evaluations: tuple[Evaluation, ...]  # named after their runs
    comparisons: tuple[Comparison, ...]


def compare_runs(
    paths: Sequence[str | Path],
    *,
    against: Sequence[str | Path] = (),
    split: str = "test",
    correction: str | None = None,
) -> Rivals:
    """Test the first run against each of the others, pair by pair on the same examples; or two groups of runs.

    Looking at a held-out split is counted in each run's folder, where that can be written.

    Args:
        paths: folders of runs.
        against: further runs; the others are then trainings of one way with several seeds and these those of another,
            two or more a side, and the ways are compared.
        split: on which they are compared.
        correction: of p-values for the number of comparisons, "Holm" or "Benjamini-Hochberg"; None takes Holm's.

    Raises:
        UsageError: fewer than two runs, one twice, runs of other tasks or on other examples, or without predictions.
        DataError: a run's files are broken.
    """
    if against and correction is not None:
        raise UsageError(
            f"correction {correction} of a single comparison",
            legal="two groups of runs are compared once",
            remedy="leave the correction out",
        )
    runs = [load_run(path) for path in (*paths, *against)]
    if len(runs) < 2 or len({run.path.resolve() for run in runs}) < len(runs):
        raise UsageError(
            f"{len({run.path.resolve() for run in runs})} run to compare",
            legal="two runs or more, each once",
            remedy="name another run; the first one is compared with the others",
        )
    names = _names(runs)
    _refuse_other_tasks(runs, names)
    predictions = {name: read_predictions(_path(run, name, split)) for name, run in zip(names, runs, strict=True)}
    found = [(name, run.evaluation(split)) for name, run in zip(names, runs, strict=True)]
    groups = read_groups(runs[0].path, split)
    if against:
        sides = (names[: len(paths)], names[len(paths) :])
        made = compare_seeds(
            *([predictions[name] for name in side] for side in sides),
            names=(_called(sides[0]), _called(sides[1])),
            split=split,
            merit=_merit(runs),
            groups=groups,
        )
        efforts = [_together([run for name, run in zip(names, runs, strict=True) if name in side]) for side in sides]
        comparisons: tuple[Comparison, ...] = (replace(made, left_effort=efforts[0], right_effort=efforts[1]),)
    else:
        spent = {name: _together([run]) for name, run in zip(names, runs, strict=True)}
        comparisons = compare_all(
            predictions,
            model=names[0],
            split=split,
            merit=_merit(runs),
            groups=groups,
            efforts={name: effort for name, effort in spent.items() if effort is not None},
            correction=correction or "Holm",
        )
    for run in runs if split in COUNTED else ():
        with suppress(TrainingError):  # somebody else's run may be read all the same
            consult(run.path, split)
    return Rivals(
        split=split,
        evaluations=tuple(replace(evaluation, model=name) for name, evaluation in found if evaluation is not None),
        comparisons=comparisons,
    )


def _refuse_other_tasks(runs: Sequence[Run], names: Sequence[str]) -> None:
    tasks = [read_json(run.path / TASK) if (run.path / TASK).exists() else {} for run in runs]
    for name, task in zip(names, tasks, strict=True):
        if task.get("labels") != tasks[0].get("labels") or task.get("name") != tasks[0].get("name"):
            raise UsageError(
                f"{name} and {names[0]} were taught different things",
                legal="runs of one task with the same labels",
                remedy="compare runs on the same data",
            )


def _path(run: Run, name: str, split: str) -> Path:
    """The file of a run's predictions."""
    path = predictions_path(run.path, "model", split)
    if not path.exists():
        there = sorted(file.name.split(".")[1] for file in path.parent.glob("model.*.jsonl"))
        raise UsageError(
            f"{name} has no predictions on {split!r}",
            legal=f"there are those on {', '.join(there)}" if there else "it was not evaluated",
            remedy="evaluate it: `kilter evaluate`" if not there else "name that split by --split",
        )
    return path


def _together(runs: Sequence[Run]) -> Effort | None:
    """What these runs took by themselves; None where one does not tell."""
    costs = [run.cost for run in runs]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None
    return Effort(steps=sum(cost.steps for cost in known), seconds=sum(cost.seconds for cost in known))


def _called(names: Sequence[str]) -> str:
    """A side by its first run."""
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


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
