"""The flow from audit to evaluation, each stage gated by the findings of the last; then a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from kilter.checks.data import DATA_CHECKS
from kilter.checks.doctor import check
from kilter.checks.examination import examine
from kilter.checks.program.probe import Effort
from kilter.models.baselines import measured
from kilter.project.as_read import with_notes
from kilter.project.assembling import build_pipeline, clean, load_dataset
from kilter.project.design import design_line, seeds_line
from kilter.project.folder import create_run, load_run, write_results, write_status
from kilter.project.foreign_errors import as_ours
from kilter.project.gate import stopping
from kilter.project.progress import Silence
from kilter.project.recording import begin_record, read_run_project, same_data
from kilter.project.reporting import write_report
from kilter.project.seeking import seek_batch_size, seek_learning_rate
from kilter.project.sought import BATCH_SIZE, RATE, STAGE_OF, left_open
from kilter.project.stages import (
    Said,
    Work,
    audit,
    judge,
    measure_baselines,
    preflight,
    recall_baselines,
    restore_model,
    train,
)
from kilter.project.telling import examination_as_told, stage_as_told
from kilter.training.interruption import terminable
from kilter.training.rehearsing import check_and_rehearse
from kilter.values.errors import Interrupted
from kilter.values.finding import Skipped
from kilter.values.run import Stage

if TYPE_CHECKING:
    from kilter.project.progress import Progress
    from kilter.project.reading import Project
    from kilter.values.finding import Examination
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program
    from kilter.values.run import Run

STAGES: Final[Mapping[str, Callable[[Work], Said]]] = MappingProxyType(
    {
        "audit": audit,
        "baselines": measure_baselines,
        "preflight": preflight,
        STAGE_OF[BATCH_SIZE]: seek_batch_size,
        STAGE_OF[RATE]: seek_learning_rate,
        "train": train,
        "evaluate": judge,
    }
)
"""The way in its order. What finds a number is gone through where the project leaves that to be found."""

WHOLE: Final = ("audit", "baselines", "preflight", "train", "evaluate")
"""The stages of a project that leaves nothing open."""

AGAIN: Final = ("train", "evaluate")
"""Stages that a resumed run goes through whatever was done: a training that had ended is not trained further."""


def run_project(
    project: Project,
    *,
    runs: str | Path | None = None,
    stages: Sequence[str] = WHOLE,
    progress: Progress | None = None,
) -> Run:
    """Go the whole way, from files to a report; findings from the project's gate on stop it.

    Args:
        project: the project file, read.
        runs: where the run's folder is made; None takes `runs` beside the project file.
        stages: those to go through; before a training the numbers are found that the project leaves open.
        progress: who is told how it goes.

    Raises:
        KilterError: a stage cannot be done; what was done before stands in the run's folder, with a report.
    """
    dataset = load_dataset(project)
    folder = create_run(project.folder / "runs" if runs is None else Path(runs), project.name)
    sought = [STAGE_OF[path] for path in project.sought] if "train" in stages else []
    stages = [name for name in STAGES if name in {*stages, *sought}]
    begin_record(folder, project, dataset, stages=stages)
    return _go(Work(project=project, folder=folder, progress=progress or Silence(), dataset=dataset), stages)


def resume_run(path: str | Path, *, progress: Progress | None = None) -> Run:
    """Go on with a run exactly as if it had never stopped.

    What was to come before its training and was not finished is done first. The training goes on from its newest whole
    checkpoint; where it was stopped before the first one it begins. It is evaluated if it was to be.

    Raises:
        UsageError: its data have changed.
        DataError: none of its checkpoints is whole.
    """
    run = load_run(path)
    before = tuple(stage for stage in run.stages if stage.name not in AGAIN and stage.status == "done")
    done = {stage.name for stage in before}
    wanted = {"train", *_wanted(run)}
    names = tuple(name for name in STAGES if name in wanted and name not in done)
    work = _work_of(run, progress, raw="audit" in names)
    work.resume = True
    if "baselines" not in names:
        recall_baselines(work, run)
    return _go(work, names, before=before)


def _wanted(run: Run) -> tuple[str, ...]:
    origin = run.config.get("origin")
    return tuple(origin.get("stages", ())) if isinstance(origin, dict) else ()


def evaluate_run(path: str | Path, *, progress: Progress | None = None) -> Run:
    """Score the best weights of a run again, beside the baselines, and write its report anew."""
    run = load_run(path)
    work = _work_of(run, progress)
    restore_model(work)
    before = tuple(stage for stage in run.stages if stage.name not in {"baselines", "evaluate"})
    return _go(work, ("baselines", "evaluate"), before=before)


def audit_project(project: Project) -> Examination:
    """What the data audit finds in a project's data."""
    return survey_project(project)[0]


def survey_project(project: Project, *, seeds: int = 1, seed_deviation: float | None = None) -> tuple[Examination, str]:
    """The same, and sentences on what differences the rows that judge can show; empty where there are none.

    Args:
        project: whose data are looked at.
        seeds: trainings that are planned on each side of a comparison.
        seed_deviation: standard deviation of a score from seed to seed, where it is known.

    Raises:
        UsageError: seeds or a deviation that there cannot be.
    """
    dataset = load_dataset(project)
    examination = with_notes(examine(DATA_CHECKS, dataset), dataset)
    planned = seeds_line(dataset, seeds=seeds, seed_deviation=seed_deviation)
    return examination_as_told(examination, project, dataset), " ".join(filter(None, (design_line(dataset), planned)))


def question(
    subject: Pipeline | Program,
    *,
    effort: Effort = Effort.QUICK,
    prove: bool = False,
    rehearsal_seconds: float | None = None,
) -> Examination:
    """What the doctor finds in a training, together with its rehearsal, where that has seconds to take."""
    if rehearsal_seconds is None:
        return check(subject, effort=effort, prove=prove)
    return check_and_rehearse(subject, effort=effort, prove=prove, seconds=rehearsal_seconds)


def check_project(
    project: Project,
    *,
    effort: Effort = Effort.QUICK,
    prove: bool = False,
    rehearsal_seconds: float | None = None,
) -> Examination:
    """What the doctor finds in a project's pipeline.

    Whether a network beats the simple models is not asked here: it takes the whole training, so that it is skipped
    with the place where it is answered.
    """
    dataset, _ = clean(project, load_dataset(project))
    pipeline, _ = build_pipeline(project, dataset)
    examination = question(pipeline, effort=effort, prove=prove, rehearsal_seconds=rehearsal_seconds)
    examination = examination_as_told(examination, project, dataset)
    examination = replace(examination, skipped=(*examination.skipped, *left_open(project.sought, pipeline.recipe)))
    names = ", ".join(measured(project.file.baselines, pipeline.task.baselines, dataset.schema, dataset["train"]))
    if effort is Effort.QUICK or not names:
        return examination
    elsewhere = f"`kilter run` measures {names} on the same rows before it trains, and its report compares them"
    return replace(
        examination, skipped=(*examination.skipped, Skipped(name="better-than-simple-models", reason=elsewhere))
    )


def _work_of(run: Run, progress: Progress | None, *, raw: bool = False) -> Work:
    """The work of a run taken up again; `raw` keeps the rows that an audit is to see."""
    project = read_run_project(run)
    loaded = load_dataset(project)
    same_data(run, loaded)
    dataset = loaded if raw else clean(project, loaded)[0]
    return Work(project=project, folder=run.path, progress=progress or Silence(), dataset=dataset)


def _go(work: Work, names: Iterable[str], *, before: tuple[Stage, ...] = ()) -> Run:
    with terminable():
        return _through(work, names, list(before))


def _through(work: Work, names: Iterable[str], done: list[Stage]) -> Run:
    status = "running"
    write_status(work.folder, status, done)
    for name in names:
        work.progress.began(name)
        began = time.perf_counter()
        try:
            said = STAGES[name](work)
        except (Exception, KeyboardInterrupt) as error:
            told = as_ours(error, stage=name, model=work.project.file.model.name, folder=work.folder)
            status = "interrupted" if isinstance(told, Interrupted) else "failed"
            summary = str(told or f"{type(error).__name__}: {error}")
            done.append(Stage(name=name, status=status, seconds=time.perf_counter() - began, summary=summary))
            _close(work, status, done)
            if told is not None:
                told.run = work.folder
            if told is None or told is error:
                raise
            raise told from error
        found = said.examination.findings
        gated = bool(stopping(found, work.project.file.gate.fail_on))
        status = "failed" if said.failed else "gated" if gated else "done"
        stage = Stage(
            name=name,
            status=status,
            seconds=time.perf_counter() - began,
            summary=said.summary,
            findings=found,
            skipped=said.examination.skipped,
        )
        done.append(stage)
        _keep_results(work)  # now: a kill must not lose them
        write_status(work.folder, "running", done)
        work.progress.ended(stage_as_told(stage, work.project, work.dataset))
        if status != "done":
            break
    return _close(work, status, done)


def _close(work: Work, status: str, done: Iterable[Stage]) -> Run:
    _keep_results(work)
    write_status(work.folder, status, done)
    run = load_run(work.folder)
    write_report(run)
    return run


def _keep_results(work: Work) -> None:
    write_results(work.folder, work.evaluations, work.comparisons, ladder=work.ladder, untrained=work.untrained)
