"""Runs that grow out of a run: its cooldown, which is a run of its own, and the same run for longer."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from kilter.project.assembling import build_pipeline, clean, load_dataset
from kilter.project.flow import AGAIN, resume_run
from kilter.project.folder import (
    BATCH_SUGGESTION,
    CHECKPOINTS,
    CONFIG,
    RATE_SUGGESTION,
    create_run,
    load_run,
    read_json,
    write_json,
    write_results,
    write_status,
)
from kilter.project.reading import with_values
from kilter.project.recording import begin_record, predictions_path, read_run_project, same_data
from kilter.project.stages import MODEL
from kilter.tracking.branching import branch, departing
from kilter.training.asking import ask_again
from kilter.training.checkpoints import newest
from kilter.training.clock import last_step
from kilter.training.continuing import changed, constant_until, cooled, lengthened
from kilter.training.fit import itinerary_of
from kilter.training.hooks import default_hooks
from kilter.training.itinerary import Itinerary
from kilter.values.curve_names import SECONDS
from kilter.values.duration import Duration
from kilter.values.errors import UsageError
from kilter.values.run import Run

if TYPE_CHECKING:
    from kilter.project.progress import Progress
    from kilter.project.reading import Project
    from kilter.values.history import History
    from kilter.values.pipeline import Pipeline
    from kilter.values.recipe import Recipe
    from kilter.values.run import Stage
    from kilter.values.table import Dataset

_STEP: Final = re.compile(r"step:(\d+)")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Trunk:
    """A run from which something grows, and the live things of its project."""

    run: Run
    project: Project
    dataset: Dataset  # as it was read
    pipeline: Pipeline

    @property
    def itinerary(self) -> Itinerary:
        """Its steps, as long as it was."""
        return Itinerary(self.pipeline.splits["train"], self.pipeline.recipe)


def cooldown(
    run: str | Path | Run,
    *,
    step: int | None = None,
    length: str | Duration = "20%",
    shape: str = "one_minus_sqrt",
    runs: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Anneal a copy of a run at a constant rate into a finished run, in a folder of its own.

    What comes of it is, to the last bit, what `schedule: wsd` of that whole length would have made; the steps up to
    the checkpoint are not made again. The run itself stays as it is, and can go on or be annealed elsewhere.

    Args:
        run: the run or its folder, whose schedule is constant, or wsd and has not come to its cooldown.
        step: of the checkpoint at which the rate begins to go down; None takes the newest.
        length: of the cooldown: a share of the whole run that it ends ("20%": 4000 steps and 1000 more), steps
            ("500st") or epochs ("2ep").
        shape: of the way down to nothing: "one_minus_sqrt" or "linear".
        runs: where the new run's folder is made; None takes the folder beside the run.
        progress: who is told how it goes.

    Returns:
        The new run, evaluated and reported; its config says from which run, step and checkpoint it comes
        (`origin.parent`).

    Raises:
        UsageError: the rate is not constant up to there, there is no such checkpoint, or the length is none.
        KilterError: a stage cannot be done.
    """
    trunk = _trunk(run)
    start = departing(trunk.run.path, step)
    given = _duration(length, "a cooldown for")
    changes = cooled(trunk.pipeline.recipe, trunk.itinerary, step=start.step, length=given, shape=shape)
    recipe = changed(trunk.pipeline.recipe, changes)
    itinerary_of(replace(trunk.pipeline, recipe=recipe))
    _must_go_on(recipe, trunk.run, start.step)
    project = with_values(trunk.project, changes)
    folder = create_run(_beside(trunk.run.path) if runs is None else Path(runs), f"{project.name}-cooldown")
    try:
        digest = branch(trunk.run.path, folder, start)
        _take_along(trunk.run, folder)
        parent = {"run": str(trunk.run.path.resolve()), "step": start.step, "digest": digest}
        origin = trunk.run.config.get("origin")
        stages = origin.get("stages", ()) if isinstance(origin, Mapping) else ()
        begin_record(folder, project, trunk.dataset, stages=tuple(dict.fromkeys((*stages, "evaluate"))), parent=parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    write_status(folder, "running", _before(trunk.run))
    return resume_run(folder, progress=progress)


def extend(run: str | Path | Run, to: str | Duration, *, progress: Progress | None = None) -> Run:
    """Go on with a run in its own folder, until another length.

    Args:
        run: the run or its folder, whose rate does not hang on its length.
        to: the new length of the whole run, such as "20ep".
        progress: who is told how it goes.

    Raises:
        UsageError: a rate of the steps that were made hangs on the old length; there is nothing to go on for, or
            weights alone to go on from.
        KilterError: a stage cannot be done.
    """
    trunk, given = _trunk(run), _duration(to, "--to")
    start = newest(trunk.run.path / CHECKPOINTS)
    if start is not None:
        start.must_be_full()
    step = start.step if start else 0
    changes = lengthened(trunk.pipeline.recipe, trunk.itinerary, step=step, to=given)
    recipe = changed(trunk.pipeline.recipe, changes)
    itinerary = itinerary_of(replace(trunk.pipeline, recipe=recipe))
    _must_be_longer(recipe, itinerary, trunk.run.history.until(step))
    _must_go_on(recipe, trunk.run, step)
    config = read_json(trunk.run.path / CONFIG)
    origin = config["origin"]
    longer = {"step": step, "from": str(trunk.pipeline.recipe.train.length), "to": str(given)}
    said = [override.said for override in with_values(trunk.project, changes).overrides]
    extended = [*origin.get("extended", []), longer]
    write_json(trunk.run.path / CONFIG, {**config, "origin": {**origin, "overrides": said, "extended": extended}})
    return resume_run(trunk.run.path, progress=progress)


def read_step(text: str) -> int | None:
    """The step of `step:4000`; None of `last`.

    >>> read_step("step:4000"), read_step("last")
    (4000, None)

    Raises:
        UsageError: it is neither.
    """
    if text == "last":
        return None
    form = _STEP.fullmatch(text)
    if form is None:
        raise UsageError(f"--from {text}", legal="step:4000 (the checkpoint of a step) or last (the newest one)")
    return int(form[1])


def _trunk(given: str | Path | Run) -> _Trunk:
    run = load_run(given.path if isinstance(given, Run) else given)
    project = read_run_project(run)
    loaded = load_dataset(project)
    same_data(run, loaded)
    dataset, _ = clean(project, loaded)
    return _Trunk(run=run, project=project, dataset=loaded, pipeline=build_pipeline(project, dataset)[0])


def _beside(run: Path) -> Path:
    """The folder in which a run stands, as relative as the run was named."""
    return run.resolve().parent if run.name in {"", ".."} else run.parent


def _duration(given: str | Duration, of: str) -> Duration:
    if isinstance(given, Duration):
        return given
    try:
        return Duration.read(given)
    except ValueError as error:
        legal = str(error)
    except TypeError:
        legal = f"a duration has a unit, such as '{given}ep' or '{given}st'"
    raise UsageError(f"{of} {given}", legal=legal)


def _before(run: Run) -> Iterable[Stage]:
    """The stages of a run that came before its training."""
    return [stage for stage in run.stages if stage.name not in AGAIN and stage.status == "done"]


def _take_along(run: Run, folder: Path) -> None:
    """What a run has found, and measured of its baselines."""
    for name in (BATCH_SUGGESTION, RATE_SUGGESTION):
        if (run.path / name).exists():
            shutil.copyfile(run.path / name, folder / name)
    baselines = tuple(evaluation for evaluation in run.evaluations if evaluation.model != MODEL)
    for evaluation in baselines:
        names = (evaluation.model, evaluation.split)
        shutil.copyfile(predictions_path(run.path, *names), predictions_path(folder, *names))
    write_results(folder, baselines, ())


def _must_be_longer(recipe: Recipe, itinerary: Itinerary, history: History) -> None:
    step, length = history.step, recipe.train.length
    if last_step(history, length):
        raise UsageError(
            f"--to {length}, and the {step:,} steps that were made took {history.last(SECONDS) or 0.0:.0f} seconds",
            legal="the new length is more than was made",
            remedy="say a longer one",
        )
    end = constant_until(recipe, itinerary)
    if end < step or itinerary.total == step:
        what = "is" if end == itinerary.total else "begins to go down at"
        raise UsageError(
            f"--to {length} {what} step {end:,}, and {step:,} steps were made",
            legal="the new length is more than was made, a cooldown beside it",
            remedy="say a longer one",
        )


def _must_go_on(recipe: Recipe, run: Run, step: int) -> None:
    """See that what was recorded up to a step does not stop the training right there."""
    stop, _ = ask_again(default_hooks(recipe), run.history.until(step))
    if stop is None:
        return
    raise UsageError(
        f"{run.name} ended at step {step:,}: {stop.reason}",
        legal="what goes on from there would stop there again",
        remedy="look at it with `kilter diagnose`, and begin from an earlier checkpoint"
        if stop.failed
        else f"anneal what it has come to: `kilter cooldown {run.path}`, which makes its whole length",
    )
