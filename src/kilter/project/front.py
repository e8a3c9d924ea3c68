"""The functions of the front door: each takes what a person has at hand, a path or a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilter.project.reading import Project, project_given
from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.plan import Plan
from kilter.values.predictions import Predictions
from kilter.values.program import Program
from kilter.values.run import Run
from kilter.values.table import Dataset

if TYPE_CHECKING:
    from torch import nn

    from kilter.export.predicting import Answer
    from kilter.project.progress import Progress
    from kilter.training.fit import Fitted
    from kilter.values.comparison import Comparison, Detectable
    from kilter.values.document import Document
    from kilter.values.evaluation import Evaluation
    from kilter.values.finding import Examination


def run(
    project: str | Path | Project,
    *,
    overrides: Iterable[str] = (),
    runs: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Go the whole way with a project, from its files to a report; findings from its gate on stop it.

    Args:
        project: a project file, its folder, or a project that was read.
        overrides: `key.sub=value`, laid over a file.
        runs: where the run's folder is made; None takes `runs` beside the project file.
        progress: who is told how it goes.

    Raises:
        KilterError: a stage cannot be done.
    """
    from kilter.project.flow import run_project

    return run_project(project_given(project, overrides), runs=runs, progress=progress)


def plan(project: str | Path | Project | Pipeline, *, overrides: Iterable[str] = ()) -> Plan:
    """What a training would do: rows to batches to steps to epochs, and the learning rate of its steps.

    Args:
        project: a project file, its folder, a project that was read, or a pipeline.
        overrides: `key.sub=value`, laid over a file.

    Raises:
        RecipeError: faults in the project file, or a recipe that cannot take effect, such as a warm-up that is longer
            than the run.
        DataError: files that cannot be read.
    """
    from kilter.project.assembling import build_pipeline, clean, load_dataset
    from kilter.training.fit import itinerary_of
    from kilter.training.planning import lay_out

    if not isinstance(project, Pipeline):
        read = project_given(project, overrides)
        dataset, _ = clean(read, load_dataset(read))
        project, _ = build_pipeline(read, dataset)
    return lay_out(project, itinerary_of(project))


def audit(data: str | Path | Project | Dataset, *, overrides: Iterable[str] = ()) -> Examination:
    """What the data say before anything is made of them.

    Raises:
        RecipeError: faults in the project file.
        DataError: files that cannot be read.
    """
    from kilter.checks.data import DATA_CHECKS
    from kilter.checks.examination import examine
    from kilter.project.flow import audit_project

    if isinstance(data, Dataset):
        return examine(DATA_CHECKS, data)
    return audit_project(project_given(data, overrides))


def detectable(
    data: str | Path | Project | Dataset | int,
    *,
    seeds: int = 1,
    seed_deviation: float | None = None,
    overrides: Iterable[str] = (),
) -> Detectable | None:
    """The smallest true difference that a comparison on the rows that judge could show, before anything is trained.

    >>> print(round(detectable(540).difference, 3), round(detectable(540, seeds=5).difference, 3))
    0.039 0.042

    Args:
        data: a project file, its folder, a project that was read, a data set; or a number of rows whose answers are
            right or wrong.
        seeds: trainings planned on each side. With one it is the difference of two trained models, with more that of
            two ways of training, whatever the seed.
        seed_deviation: standard deviation of a score from seed to seed; None assumes one point of accuracy.
        overrides: `key.sub=value`, laid over a file.

    Returns:
        With what was assumed, in words; None where no rows were put aside. Of one class a row the difference is in
        accuracy, else in standard deviations of what two models differ by from row to row.

    Raises:
        UsageError: seeds or a deviation that there cannot be.
        RecipeError: faults in the project file.
        DataError: files that cannot be read.
    """
    from kilter.project.assembling import load_dataset
    from kilter.project.design import detectable_before, detectable_of

    if isinstance(data, int):
        return detectable_of(data, in_points=True, seeds=seeds, seed_deviation=seed_deviation)
    dataset = data if isinstance(data, Dataset) else load_dataset(project_given(data, overrides))
    return detectable_before(dataset, seeds=seeds, seed_deviation=seed_deviation)


def check(
    pipeline: str | Path | Project | Pipeline | Program,
    *,
    effort: str | None = None,
    prove: bool = False,
    rehearse: bool = False,
    rehearsal_seconds: float | None = None,
    overrides: Iterable[str] = (),
) -> Examination:
    """Question a pipeline before compute is spent; it, its model and the random state stay as they are.

    Args:
        pipeline: a project file, its folder, a project that was read, a pipeline, or a person's own training as
            `Pipeline.from_loop` takes it.
        effort: "quick" looks at the first dozen steps; "full" also trains with one thing changed, again and again.
            None takes "quick", and "full" with `rehearse`, which takes longer anyway.
        prove: whether the advice of the first finding is applied to a fresh copy, which is trained; the finding's
            evidence says what came of it.
        rehearse: whether a copy is also trained as it is, and what its curves say is joined with what the probes saw.
            Where a probe proves a failure, nothing is trained.
        rehearsal_seconds: after which that training is cut, and judged by what was recorded; None takes ten minutes.
        overrides: `key.sub=value`, laid over a file.

    Raises:
        UsageError: an effort that there is not, or an option that cannot take effect.
        RecipeError: faults in the project file.
        DataError: files that cannot be read.
    """
    from kilter.checks.program.probe import Effort
    from kilter.project.flow import check_project, question
    from kilter.training.rehearsing import LONGEST

    if effort is None:
        effort = Effort.FULL if rehearse else Effort.QUICK
    if effort not in list(Effort):
        raise UsageError(f"effort={effort!r}", legal=f"it is {' or '.join(Effort)}")
    if rehearsal_seconds is not None and not (rehearse and rehearsal_seconds > 0):
        raise UsageError(
            f"rehearsal_seconds={rehearsal_seconds:g}{'' if rehearse else ' without a rehearsal'}",
            legal="it is more than 0, and limits what `rehearse` trains",
            remedy="ask for a rehearsal with a time, or leave rehearsal_seconds out",
        )
    if prove and effort == Effort.QUICK and not isinstance(pipeline, Program):
        raise UsageError(
            "prove with the effort quick",
            legal="advice is tried by training, which a project's or a pipeline's quick check does not do",
            remedy="say effort full, or leave prove out",
        )
    seconds = (LONGEST if rehearsal_seconds is None else rehearsal_seconds) if rehearse else None
    if isinstance(pipeline, Pipeline | Program):
        return question(pipeline, effort=Effort(effort), prove=prove, rehearsal_seconds=seconds)
    project = project_given(pipeline, overrides)
    return check_project(project, effort=Effort(effort), prove=prove, rehearsal_seconds=seconds)


def describe(
    project: str | Path | Project | Pipeline | Run,
    row: str | None = None,
    *,
    split: str | None = None,
    overrides: Iterable[str] = (),
) -> Document:
    """One real example followed through, from the file to the decision, with parameters and N = batch × steps.

    Args:
        project: a project file or a project that was read; a pipeline; or a run or its folder, whose best weights
            then answer.
        row: the example's id; None takes the first row of the split.
        split: where it stands; None takes the first that is held out.
        overrides: `key.sub=value`, laid over a file.

    Raises:
        UsageError: there is no such row.
        KilterError: the project or the run cannot be read.
    """
    from kilter.project.describing import describe_pipeline, describe_project, describe_run
    from kilter.project.folder import STATUS
    from kilter.report.walkthrough import walkthrough_document

    if isinstance(project, Pipeline):
        walkthrough, name = describe_pipeline(project, row=row, split=split), project.task.name
    elif isinstance(project, Run) or (isinstance(project, str | Path) and (Path(project) / STATUS).is_file()):
        folder = Path(_folder(project))
        walkthrough, name = describe_run(folder, row=row, split=split), folder.name
    else:
        read = project_given(project, overrides)
        walkthrough, name = describe_project(read, row=row, split=split), read.name
    return walkthrough_document(walkthrough, f"one example of {name}")


def make_pipeline(
    train: object,
    *,
    target: str | Sequence[str],
    task: str,
    valid: object = None,
    test: object = None,
    settings: Mapping[str, Any] | None = None,
) -> Pipeline:
    """A pipeline over data in memory, as a project file would make it over files.

    >>> rows = [{"size": float(i), "price": 3.0 * i} for i in range(60)]
    >>> make_pipeline(rows, target="price", task="regression", settings={"model": {"name": "mlp", "width": 8}})
    Pipeline(regression; train 48, valid 6, test 6)

    Args:
        train: a mapping of columns, a list of mappings (one a row), a pandas or Polars frame, a PyTorch or Hugging
            Face data set, a DataLoader (whose data set it is then; its order and batches are decided anew).
        target: the column to learn, or several; of the pairs of a PyTorch data set it is "label".
        task: its name, such as "classification", "regression" or "tagging".
        valid: the same for validation; None puts a part of train aside.
        test: the same for the test.
        settings: sections of a project file: model, optimizer, train, preprocessing, data.inputs and so on.

    Raises:
        RecipeError: settings that are not legal, all of them.
        DataError: data that are no table, or hold what cannot be learnt.
    """
    from kilter.data.tabling import table_of
    from kilter.project.assembling import build_pipeline, clean, make_dataset
    from kilter.project.memory import project_in_memory

    given = {"train": train, "valid": valid, "test": test}
    tables = {split: table_of(rows, split) for split, rows in given.items() if rows is not None}
    project = project_in_memory(tuple(tables), target=target, task=task, settings=settings or {})
    dataset, _ = clean(project, make_dataset(project, tables))
    return build_pipeline(project, dataset)[0]


def evaluate(
    pipeline: Pipeline,
    model: nn.Module | Fitted,
    *,
    split: str = "test",
    name: str = "model",
    precision: float = 0.9,
    costs: Mapping[str, Mapping[str, float]] | None = None,
) -> Evaluation:
    """What a trained model is worth on a split: scores with their intervals, mistakes, calibration, thresholds.

    A temperature and thresholds are chosen on the validation split, if that is not the one that is judged.

    Args:
        pipeline: the task and its splits.
        model: what was trained.
        split: the one that is judged.
        name: what the model is called.
        precision: that the threshold with the largest recall is to have.
        costs: what a decision between two classes costs, by the true one and the decided one, such as
            `{"spam": {"ham": 1}, "ham": {"spam": 10}}`.

    Raises:
        UsageError: there is no such split, costs are of other classes, or the precision is no share.
    """
    from kilter.engine.predicting import predict as predict_split
    from kilter.evaluation import evaluating
    from kilter.training.fit import Fitted

    if split not in pipeline.splits:
        raise UsageError(f"there is no split {split!r}", legal=f"there are {', '.join(pipeline.splits)}")
    trained, device = (model.model, model.device) if isinstance(model, Fitted) else (model, "cpu")

    def predicted(at: str) -> Predictions:
        return predict_split(pipeline, trained, pipeline.splits[at], device=device).predictions

    task, predictions = pipeline.task, predicted(split)
    validation = predicted("valid") if "valid" in pipeline.splits and split not in {"train", "valid"} else None
    evaluation = evaluating.evaluate(predictions, task, model=name, split=split, source=pipeline.splits[split])
    return evaluating.with_probabilities(
        evaluation, predictions, task, validation=validation, precision=precision, costs=costs
    )


def compare(
    left: str | Path | Run | Predictions | Sequence[str | Path | Run],
    right: str | Path | Run | Predictions | Sequence[str | Path | Run],
    *,
    split: str = "test",
    groups: Mapping[str, object] | None = None,
) -> Comparison:
    """Two runs, or two predictions, on the same examples: the difference with its interval, and a paired test.

    Args:
        left: a run or its folder; several runs are trainings of one way with several seeds.
        right: the same, of the other.
        split: on which they are compared, or the predictions were made.
        groups: of examples that depend on each other, by their ids, for predictions; runs keep their own.

    Raises:
        UsageError: they are not of the same examples.
    """
    from kilter.evaluation import comparing
    from kilter.project.rivals import compare_runs

    if isinstance(left, Predictions) and isinstance(right, Predictions):
        return comparing.compare(left, right, split=split, groups=groups)
    if isinstance(left, Predictions) or isinstance(right, Predictions):
        raise UsageError("a run against predictions", legal="two runs, or two predictions")
    if groups is not None:
        raise UsageError("groups for runs", legal="runs keep the groups of `data.group`", remedy="leave groups out")
    if isinstance(left, str | Path | Run) and isinstance(right, str | Path | Run):
        return compare_runs((_folder(left), _folder(right)), split=split).comparisons[0]
    ours, theirs = (
        [_folder(side)] if isinstance(side, str | Path | Run) else list(map(_folder, side)) for side in (left, right)
    )
    return compare_runs(ours, against=theirs, split=split).comparisons[0]


def predict(run: str | Path | Run, rows: object) -> tuple[Answer, ...]:
    """What the best weights of a run say of new rows, prepared as in training.

    Args:
        run: the run or its folder.
        rows: a file, a mapping of columns, a list of mappings, a pandas or Polars frame.

    Raises:
        UsageError: it is no run, or nothing was trained in it.
        DataError: columns that training had are not there.
    """
    from kilter.data.tabling import table_of
    from kilter.export.predicting import answer
    from kilter.project.answering import answer_file, load_predictor

    if isinstance(rows, str | Path):
        return answer_file(run, rows)
    return answer(load_predictor(run), table_of(rows, "rows"))


def report(run: str | Path | Run, *, hide_texts: bool = False) -> Path:
    """Write a run's report anew, one page that needs no connection, and say where it is.

    Args:
        run: the run or its folder.
        hide_texts: whether ids and lengths stand in the place of texts, whatever the project file says.

    Raises:
        UsageError: it is no run.
        TrainingError: the disk refuses.
    """
    from kilter.project.folder import load_run
    from kilter.project.reporting import write_report
    from kilter.report.hiding import without_texts

    loaded = run if isinstance(run, Run) else load_run(run)
    return write_report(without_texts(loaded) if hide_texts else loaded)


def _folder(run: str | Path | Run) -> str | Path:
    return run.path if isinstance(run, Run) else run
