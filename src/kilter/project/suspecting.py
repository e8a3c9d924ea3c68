"""Labels that are probably wrong: out-of-fold answers of a project's best simple model, or of its network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.checks.data.cells import is_blank
from kilter.engine.predicting import predict
from kilter.engine.seeding import left_as_found
from kilter.metrics import label_noise as confident
from kilter.metrics.intervals import proportion
from kilter.models.baselines import applicable, make_baseline, measured, settings_tried, suited
from kilter.models.lesson import Lesson
from kilter.project.assembling import build_pipeline, clean, load_dataset
from kilter.project.reading import Project, project_given
from kilter.search.by_cleanlab import refuse_without_cleanlab, suspects_by_cleanlab
from kilter.search.out_of_fold import Answer, assign_folds, out_of_fold, together
from kilter.search.subset import Subset
from kilter.tasks.scores import as_score
from kilter.training.fit import fit
from kilter.values.errors import TrainingError, UsageError
from kilter.values.label_noise import LabelNoise, Suspect
from kilter.values.pipeline import Pipeline
from kilter.values.validation import nearest
from kilter.values.words import in_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.batch import Example
    from kilter.values.source import Source
    from kilter.values.table import Dataset

    Rows = NDArray[np.int64]

NETWORK: Final = "network"
CAUTION: Final = (
    "the interval is that of drawing other rows; rows that the model is confidently wrong about count as wrong labels"
)
_SMALLEST: Final = 1e-6  # probability that a label is charged for at most


def find_label_noise(
    subject: str | Path | Project | Pipeline,
    *,
    by: str = "auto",
    folds: int = 5,
    cleanlab: bool = False,
    groups: Mapping[str, object] | None = None,
    overrides: Iterable[str] = (),
    told: Callable[[str], None] = lambda _: None,
) -> LabelNoise:
    """Training rows whose label is probably wrong, the most suspicious first, and how many there may be.

    Each row is answered by a model that was fitted on the other folds; rows of one group and rows with equal inputs
    stand in one fold. From these probabilities labels are judged by confident learning (Northcutt, Jiang and Chuang
    2021, JAIR 70). The same seed gives the same folds; what is given is left as it was.

    Args:
        subject: a project file, its folder or a project that was read; or a pipeline, whose network then answers.
        by: a baseline's name; `network`; or `auto`, the best of the project's baselines on the first fold, and of a
            pipeline the network.
        folds: how many models are fitted.
        cleanlab: whether the package cleanlab picks the suspects.
        groups: of a pipeline's rows that depend on each other, by their ids; a project names its own (`data.group`).
        overrides: `key.sub=value`, laid over a file.
        told: hears what is being done.

    Raises:
        UsageError: the target is not one of several classes, nobody knows the model, or there are too few rows.
        RecipeError: faults in the project file.
        DataError: files that cannot be read.
        TrainingError: the network could not be trained.
        MissingDependency: cleanlab is asked for and is not installed.
    """
    if cleanlab:
        refuse_without_cleanlab()
    if isinstance(subject, Pipeline):
        if by not in {"auto", NETWORK}:
            raise UsageError(
                f"by={by!r} for a pipeline",
                legal="its network answers; baselines read the columns of a project",
                remedy="leave `by` out",
            )
        with left_as_found():
            answers = {NETWORK: _by_network(subject)}
            return _found(subject, answers, folds=folds, cleanlab=cleanlab, groups=groups, told=told)
    if groups is not None:
        raise UsageError("groups for a project", legal="it names them itself, by `data.group`", remedy="leave them out")
    project = project_given(subject, overrides)
    dataset, _ = clean(project, load_dataset(project))
    with left_as_found():
        pipeline, _ = build_pipeline(project, dataset)
        _refuse_other_targets(pipeline)
        answers = {NETWORK: _by_network(pipeline)} if by == NETWORK else _by_baselines(by, project, pipeline, dataset)
        grouped = _groups_of(dataset)
        return _found(pipeline, answers, folds=folds, cleanlab=cleanlab, groups=grouped, told=told)


def _found(
    pipeline: Pipeline,
    answers: Mapping[str, Answer],
    *,
    folds: int,
    cleanlab: bool,
    groups: Mapping[str, object] | None,
    told: Callable[[str], None],
) -> LabelNoise:
    _refuse_other_targets(pipeline)
    source, labels = pipeline.splits["train"], pipeline.task.labels
    targets = np.asarray(source.targets, dtype=np.int64)
    known = np.flatnonzero(targets >= 0)
    examples = [source.example(row) for row in known.tolist()]
    ties = _ties(examples, groups, folds=folds)
    parts = np.full(len(targets), -1)
    parts[known] = assign_folds(ties, targets[known], folds=folds, seed=pipeline.recipe.train.seed)
    of_known = {name: _of(answer, known) for name, answer in answers.items()}

    def cost(rows: Rows, shares: NDArray[np.float64]) -> float:
        own = shares[np.arange(len(rows)), targets[known[rows]]]
        return float(-np.log(np.maximum(own, _SMALLEST)).mean())

    name, shares = out_of_fold(parts[known], of_known, cost, told=told)
    sizes = np.bincount(targets[known], minlength=len(labels))
    judged = np.flatnonzero(sizes >= folds)
    if len(judged) < 2:
        raise UsageError(
            f"{len(judged)} class has {folds} rows or more",
            legal="two classes or more are needed to tell them apart",
            remedy="label more rows, or take fewer folds",
        )
    at = np.flatnonzero(np.isin(targets[known], judged))
    given, among = np.searchsorted(judged, targets[known[at]]), _shares_among(shares[at], judged)
    rows = suspects_by_cleanlab(given, among) if cleanlab else confident.suspects(given, among)
    rate = replace(as_score("wrong labels", confident.noise_rate(given, among), larger_is_better=False))
    agreed = proportion(int((among.argmax(axis=1) == given).sum()), len(at))
    return LabelNoise(
        suspects=tuple(
            _suspect(examples[at[row]], given=int(given[row]), shares=among[row], names=[labels[at] for at in judged])
            for row in rows.tolist()
        ),
        rate=replace(rate, caution=CAUTION),
        agreement=as_score("agreement", agreed),
        answered_by=name,
        found_by="cleanlab" if cleanlab else "confident learning",
        folds=folds,
        unjudged=tuple((labels[row], int(sizes[row])) for row in np.flatnonzero((sizes > 0) & (sizes < folds))),
    )


def _suspect(example: Example, *, given: int, shares: NDArray[np.float64], names: list[str]) -> Suspect:
    others = shares.copy()
    others[given] = -1.0
    likely = int(others.argmax())
    return Suspect(
        id=example.id,
        inputs=in_words(example.inputs),
        given=names[given],
        likely=names[likely],
        given_probability=float(shares[given]),
        likely_probability=float(shares[likely]),
    )


def _shares_among(shares: NDArray[np.float64], judged: NDArray[np.intp]) -> NDArray[np.float64]:
    """Probabilities among the judged classes alone; all the same where none of them had any."""
    among = shares[:, judged]
    sums = among.sum(axis=1, keepdims=True)
    kept: NDArray[np.float64] = np.where(sums > 0, among / np.where(sums > 0, sums, 1.0), 1 / len(judged))
    return kept


def _of(answer: Answer, known: Rows) -> Answer:
    """The same, of rows that are places among the known ones."""
    return lambda kept, asked: answer(known[kept], known[asked])


def _ties(examples: list[Example], groups: Mapping[str, object] | None, *, folds: int) -> Rows:
    """Rows that must stand in one fold: those of one group, and those with equal inputs.

    Where so many rows are equal that they would not fit into a fold, the inputs have few values, and equal ones are no
    copies of each other.
    """
    alike: dict[object, int] = {}
    equal = np.array([alike.setdefault(_inputs_of(example), len(alike)) for example in examples], dtype=np.int64)
    if len(equal) and np.bincount(equal).max() > len(equal) / folds:
        equal = np.arange(len(equal))
    if groups is None:
        return together(equal)
    named: dict[object, int] = {}
    grouped = [
        -1 if example.id not in groups else named.setdefault(groups[example.id], len(named)) for example in examples
    ]
    return together(equal, grouped)


def _groups_of(dataset: Dataset) -> dict[str, object] | None:
    """The group of each training row that has one, by its id; None where the data name no groups."""
    train, name = dataset["train"], dataset.schema.group
    if name is None or name not in train.columns:
        return None
    cells = zip(train.ids, train.columns[name].tolist(), strict=True)
    return {row: cell for row, cell in cells if not is_blank(cell)}


def _inputs_of(example: Example) -> tuple[object, ...]:
    return tuple(_cell(value) for value in example.inputs.values())


def _cell(value: Any) -> object:
    """A value that can be looked up; texts up to case and spaces."""
    if isinstance(value, str):
        return " ".join(value.casefold().split())
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return tuple(map(_cell, value)) if isinstance(value, list | tuple) else value


def _by_baselines(by: str, project: Project, pipeline: Pipeline, dataset: Dataset) -> dict[str, Answer]:
    """The baselines that are asked: one by its name, or those of the project that learn anything."""
    asked, task = project.file.baselines, pipeline.task
    legal = [name for name in applicable(suited(task.labels), dataset.schema) if settings_tried(name, chosen=True)]
    if by != "auto" and by not in legal:
        raise UsageError(f"by={by!r}", legal=nearest(by, (*legal, NETWORK, "auto")), remedy="take one of them")
    wanted = measured(asked, task.baselines, dataset.schema, dataset["train"]) if by == "auto" else (by,)
    names = [name for name in wanted if settings_tried(name, chosen=True)]
    if not names:
        raise UsageError(
            "no baseline of the project learns anything from the inputs",
            legal=f"there are {', '.join(legal)}" if legal else "",
            remedy="name one, or let the network answer: `by` in Python, `--with` on the command line",
        )
    return {name: _by_baseline(name, pipeline, dataset) for name in names}


def _by_baseline(name: str, pipeline: Pipeline, dataset: Dataset) -> Answer:
    train, targets, valid = dataset["train"], pipeline.splits["train"].targets, dataset.splits.get("valid")
    valid_targets = pipeline.splits["valid"].targets if valid is not None else None
    labels, seed = pipeline.task.labels, pipeline.recipe.train.seed

    def answer(kept: Rows, asked: Rows) -> NDArray[np.float64]:
        baseline = make_baseline(name, dataset.schema, labels, seed=seed)
        baseline.fit(Lesson(train.take(kept), targets[kept], valid, valid_targets))
        return np.asarray(baseline.answer(train.take(asked)), dtype=np.float64)

    return answer


def _by_network(pipeline: Pipeline) -> Answer:
    source: Source = pipeline.splits["train"]

    def answer(kept: Rows, asked: Rows) -> NDArray[np.float64]:
        part = replace(pipeline, splits={**pipeline.splits, "train": Subset(source, kept)})
        fitted = fit(part, measuring=0)
        if fitted.failed:
            raise TrainingError(
                f"the network could not be trained on {len(kept):,} of the rows: {fitted.reason}",
                remedy="mend the training first (`kilter check`), or let a baseline answer",
            )
        predictions = predict(part, fitted.model, Subset(source, asked), device=fitted.device).predictions
        return np.asarray(predictions.answer, dtype=np.float64)

    return answer


def _refuse_other_targets(pipeline: Pipeline) -> None:
    """Make sure that each row has one of several classes.

    Raises:
        UsageError: it has not.
    """
    targets = pipeline.splits["train"].targets
    if len(pipeline.task.labels) < 2 or targets.ndim != 1 or targets.dtype.kind not in "iu":
        raise UsageError(
            f"suspicious labels of a task of {pipeline.task.name}",
            legal="each row has one of several classes",
            remedy="look at the most costly mistakes in a run's report instead",
        )
