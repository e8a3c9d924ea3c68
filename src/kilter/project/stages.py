"""The stages of the flow: each does one thing to the work in hand and says what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np

from kilter.checks.data import DATA_CHECKS
from kilter.checks.data.rows import seen_in_training
from kilter.checks.doctor import check
from kilter.checks.examination import examine
from kilter.checks.results import RESULT_CHECKS
from kilter.engine.devices import choose_device
from kilter.engine.generating import retold
from kilter.engine.predicting import predict
from kilter.engine.seeding import fresh_model
from kilter.evaluation.comparing import compare_all, compare_ladder
from kilter.evaluation.evaluating import evaluate, with_probabilities
from kilter.evaluation.judging import judge as judge_expectations
from kilter.evaluation.storing import read_predictions, write_predictions
from kilter.evaluation.thresholds import refuse_foreign_costs
from kilter.logs.metrics_jsonl import read_log
from kilter.models.baselines import ladder, make_baseline, measured, settings_tried
from kilter.models.lesson import Lesson
from kilter.project.as_encoded import with_coverage
from kilter.project.as_read import with_notes
from kilter.project.assembling import build_pipeline, clean, suited_settings
from kilter.project.choosing import BY, chosen_from
from kilter.project.consulting import consult, looks_beside
from kilter.project.describing import describe_pipeline
from kilter.project.design import design_line, optimism_phrase, write_groups
from kilter.project.effort import effort_of
from kilter.project.expecting import held_to, ruled, write_judged
from kilter.project.folder import COST, LOG, PLAN, WALKTHROUGH, write_json
from kilter.project.recording import predictions_path, write_assembled
from kilter.project.slicing import find_all_slices
from kilter.project.sought import left_open
from kilter.report.cost import cost_line, intervals_line
from kilter.tracking.fitting import CHECKPOINTS, fit
from kilter.training.checkpoints import at_step
from kilter.training.fit import itinerary_of
from kilter.training.foreign_weights import BeginningWith
from kilter.training.keeping import read_best
from kilter.training.planning import lay_out
from kilter.values.comparison import Effort
from kilter.values.errors import UsageError
from kilter.values.finding import Examination, Severity, in_order
from kilter.values.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import nn

    from kilter.data.preprocessing import Preprocessing
    from kilter.project.progress import Progress
    from kilter.project.reading import Project
    from kilter.values.comparison import Comparison
    from kilter.values.evaluation import Evaluation
    from kilter.values.expectation import Expected, Judgement
    from kilter.values.pipeline import Pipeline
    from kilter.values.predictions import Predictions
    from kilter.values.run import Run
    from kilter.values.table import Dataset

MODEL: Final = "model"
"""What the trained network is called among its baselines."""


@final
@dataclass(slots=True, kw_only=True)
class Work:
    """What has been made so far on the way from files to a report; each stage adds to it."""

    project: Project
    folder: Path
    progress: Progress
    dataset: Dataset
    resume: bool = False  # whether a training goes on from its newest checkpoint
    pipeline: Pipeline | None = None
    preprocessing: Preprocessing | None = None
    model: nn.Module | None = None  # trained, with its best weights
    device: str = "cpu"
    baselines: dict[str, Mapping[str, Predictions]] = field(default_factory=dict)  # name to split to predictions
    efforts: dict[str, Effort] = field(default_factory=dict)  # what was spent on each baseline
    evaluations: tuple[Evaluation, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    ladder: tuple[Comparison, ...] = ()
    untrained: Evaluation | None = None

    def assembled(self) -> Pipeline:
        """The pipeline, made when it is first needed; what it takes to predict is written to the run folder."""
        if self.pipeline is None:
            self.pipeline, self.preprocessing = build_pipeline(self.project, self.dataset)
            costs = self.project.file.thresholds.costs
            if costs is not None:  # now, and not when all is trained
                refuse_foreign_costs(costs, self.pipeline.task.labels)
            settings = suited_settings(self.project, self.dataset.schema)
            write_assembled(self.folder, self.pipeline, self.preprocessing, settings)
        return self.pipeline

    def held_out(self) -> Iterator[str]:
        """Names of the splits that are not trained on."""
        return (split for split in ("valid", "test") if split in self.dataset.splits)


class Said(NamedTuple):
    """What came of a stage: a sentence, what was examined, and whether it could not be finished."""

    summary: str
    examination: Examination = Examination(findings=())
    failed: bool = False


def audit(work: Work) -> Said:
    """Look at the data before anything is made of them; then leave out what the project says to leave out."""
    raw = work.dataset
    examination = examine(DATA_CHECKS, raw)
    sizes = ", ".join(f"{split} {size:,}" for split, size in raw.sizes.items())
    work.dataset, left_out = clean(work.project, raw)
    if work.dataset.sizes != raw.sizes:
        examination = settled(examination, examine(DATA_CHECKS, work.dataset))
    said = ". ".join(filter(None, (f"{sizes} rows{left_out}", design_line(work.dataset).rstrip("."))))
    return Said(said, with_notes(examination, raw))


def settled(before: Examination, after: Examination) -> Examination:
    """What was found before rows were left out, and after: what is gone since stays as a note of what was there."""
    there = {finding.name for finding in after.findings}
    gone = [
        replace(finding, severity=Severity.NOTE, advice="The rows in question are left out (data.leave_out).")
        for finding in before.findings
        if finding.name not in there
    ]
    return replace(before, findings=in_order((*after.findings, *gone)))


def measure_baselines(work: Work) -> Said:
    """Fit the simple models that a network must beat; the best one is the best on the validation split."""
    pipeline, dataset = work.assembled(), work.dataset
    task = pipeline.task
    encoded = {split: source.targets for split, source in pipeline.splits.items()}
    tables = {  # baselines of sequences are judged on what they are sequences of
        split: replace(table, columns={**table.columns, dataset.schema.target: encoded[split]})
        if encoded[split].dtype == object
        else table
        for split, table in dataset.splits.items()
    }
    asked = work.project.file.baselines
    usable = measured(asked, task.baselines, dataset.schema, dataset["train"])
    for name in usable if tuple(work.held_out()) else ():
        baseline = make_baseline(
            name, dataset.schema, task.labels, seed=pipeline.recipe.train.seed, outputs=task.outputs
        )
        began = time.perf_counter()
        baseline.fit(Lesson(dataset["train"], encoded["train"], dataset.splits.get("valid"), encoded.get("valid")))
        work.efforts[name] = _effort(work, name, seconds=time.perf_counter() - began)
        work.baselines[name] = {
            split: task.tabulate(dataset[split].ids, encoded[split], baseline.answer(tables[split]))
            for split in work.held_out()
        }
        for split, predictions in work.baselines[name].items():
            write_predictions(predictions_path(work.folder, name, split), predictions, task.name_of)
            work.evaluations += (evaluate(predictions, task, model=name, split=split),)
    best = best_baseline(work)
    if best is None:
        why = "no baseline was asked for" if not asked else f"{', '.join(asked)} can read no such inputs"
        return Said(why if not usable else "no rows were put aside to measure baselines on")
    score = next(e.primary for e in work.evaluations if (e.model, e.split) == (best, _choosing(work)))
    chosen = {name: by_split[_choosing(work)] for name, by_split in work.baselines.items()}
    flattered = optimism_phrase(chosen, task.merit)
    return Said(f"the best of {', '.join(work.baselines)} is {best}: {score} ({_choosing(work)}){flattered}")


def _effort(work: Work, name: str, *, seconds: float | None = None) -> Effort:
    """What was spent on a baseline."""
    return Effort(trials=settings_tried(name, chosen="valid" in work.dataset.splits), seconds=seconds)


def recall_baselines(work: Work, run: Run) -> None:
    """Take up what a run has measured of its baselines, so that the network is compared with them after all.

    Raises:
        DataError: their predictions are broken.
    """
    work.evaluations = tuple(evaluation for evaluation in run.evaluations if evaluation.model != MODEL)
    for evaluation in work.evaluations:
        path = predictions_path(work.folder, evaluation.model, evaluation.split)
        by_split = work.baselines.get(evaluation.model, {})
        work.baselines[evaluation.model] = {**by_split, evaluation.split: read_predictions(path)}
        work.efforts[evaluation.model] = _effort(work, evaluation.model)


def preflight(work: Work) -> Said:
    """Question the pipeline before compute is spent."""
    pipeline = work.assembled()
    examination = check(pipeline)
    open_yet = left_open(work.project.sought, pipeline.recipe)
    examination = replace(examination, skipped=(*examination.skipped, *open_yet))
    passed = len(examination.seconds) - len({finding.name for finding in examination.findings})
    said = f"{passed} of {len(examination.seconds)} checks found nothing"
    return Said(said, with_coverage(examination, work.preprocessing, work.dataset))


def train(work: Work) -> Said:
    """Train, keeping the best weights."""
    pipeline = work.assembled()
    (work.folder / COST).unlink(missing_ok=True)  # of a sitting that ended; this one may not
    itinerary = itinerary_of(pipeline)
    write_json(work.folder / PLAN, lay_out(pipeline, itinerary))
    length = pipeline.recipe.train.length
    seconds = length.seconds if length.is_clock else None
    work.progress.planned(None if length.is_clock else itinerary.total, seconds)
    fitted = fit(
        pipeline,
        folder=work.folder,
        resume=work.resume,
        observers=(work.progress,),
        mirrors=work.project.file.tracking.mirrors,
        measuring=work.project.file.tracking.measuring,
    )
    work.model, work.device = fitted.model, fitted.device
    write_json(work.folder / COST, fitted.cost)
    summary = f"{fitted.step:,} steps ({fitted.reason}); the weights are those of step {fitted.best_step:,}"
    summary += "" if fitted.best_step else ", as they were before any training"
    make_model = pipeline.make_model
    begun = f"begun with weights: {make_model.matched}" if isinstance(make_model, BeginningWith) else ""
    sparser = intervals_line(fitted.cost, pipeline.recipe.model_dump(mode="json"))
    summary = "; ".join(filter(None, (summary, begun, cost_line(fitted.cost), sparser)))
    return Said(summary, Examination(findings=fitted.findings), failed=fitted.failed)


def restore_model(work: Work) -> None:
    """The best weights of the run in hand, as a model.

    Raises:
        UsageError: the run has kept no weights, or those of another model.
    """
    pipeline, folder = work.assembled(), work.folder / CHECKPOINTS
    step = read_best(folder)
    if step is None:
        raise UsageError(f"{work.folder} has no trained weights", remedy="train it first: `kilter train`")
    work.device = choose_device(pipeline.recipe.train.device)
    work.model = fresh_model(pipeline, pipeline.recipe.train.seed, device=work.device)
    at_step(folder, step).load_model(work.model)


def judge(work: Work) -> Said:
    """Score the network on every split, beside the baselines where it was not trained, on the same examples."""
    if work.model is None:
        return Said("there is no trained model", failed=True)
    splits = tuple(work.held_out())
    if not splits:
        return Said("no rows were put aside to judge by")
    fitted = evaluate(
        _predicted(work, "train"), work.assembled().task, model=MODEL, split="train", mistakes=0, mistakes_each_pair=0
    )
    work.evaluations += (fitted,)
    outcome = _outcome(work, splits[0], fitted)
    for split in splits[1:]:
        outcome = _outcome(work, split, fitted, validation=outcome.predictions)
    work.untrained = _untrained(work, splits[-1])
    expected = held_to(work.folder)
    if expected is not None:
        outcome = replace(outcome, judgements=_hold(work, expected, outcome))
    if (work.folder / LOG).exists():
        outcome = replace(outcome, history=read_log(work.folder / LOG).history)
    followed = describe_pipeline(
        work.assembled(), preprocessing=work.preprocessing, model=work.model, weights="the best weights of this run"
    )
    write_json(work.folder / WALKTHROUGH, followed)
    weight = work.dataset.schema.weight
    weighed = "" if weight is None else f"; training weighs rows by {weight!r}, scores count each row once"
    said = f"{outcome.evaluation.split}: {outcome.evaluation.primary}{weighed}{ruled(outcome.judgements)}"
    return Said(said, examine(RESULT_CHECKS, outcome))


def _hold(work: Work, expected: Expected, outcome: Outcome) -> tuple[Judgement, ...]:
    """What became of the expectations, written into the run's folder."""
    judgements = judge_expectations(
        expected.expectations,
        outcome.evaluation,
        train=outcome.train,
        baselines=outcome.baselines,
        comparisons=outcome.comparisons,
    )
    return write_judged(work.folder, expected, judgements).judgements


def _predicted(work: Work, split: str) -> Predictions:
    pipeline = work.assembled()
    if work.model is None:
        message = "nothing was trained yet; the stages stand in the wrong order"
        raise ValueError(message)
    source = pipeline.splits[split]
    predictions = predict(pipeline, work.model, source, device=work.device).predictions
    if split == "train":  # texts are written for the rows that are judged by, which takes a pass a token
        return predictions
    return retold(pipeline, work.model, source, predictions, device=work.device)


def _outcome(work: Work, split: str, fitted: Evaluation, validation: Predictions | None = None) -> Outcome:
    """The network on one held-out split, kept in the run's folder and added to the work in hand."""
    pipeline, predictions = work.assembled(), _predicted(work, split)
    consult(work.folder, split)
    write_predictions(predictions_path(work.folder, MODEL, split), predictions, pipeline.task.name_of)
    evaluation = with_probabilities(
        replace(
            evaluate(predictions, pipeline.task, model=MODEL, split=split, source=pipeline.splits[split]),
            slices=find_all_slices(
                predictions, work.dataset, work.project.file.slices, split=split, merit=pipeline.task.merit
            ),
        ),
        predictions,
        pipeline.task,
        validation=validation,
        precision=work.project.file.thresholds.precision,
        costs=work.project.file.thresholds.costs,
    )
    if split == BY and (work.folder / LOG).exists():
        history, stop = read_log(work.folder / LOG).history, pipeline.recipe.stop
        evaluation = replace(evaluation, chosen=chosen_from(history, stop, evaluation, predictions))
    rivals = {name: by_split[split] for name, by_split in work.baselines.items()}
    spent = effort_of(work.folder)
    efforts = work.efforts if spent is None else {**work.efforts, MODEL: spent}
    merit, groups = pipeline.task.merit, write_groups(work.folder, work.dataset, split)
    comparisons = compare_all(
        {MODEL: predictions, **rivals}, model=MODEL, split=split, merit=merit, groups=groups, efforts=efforts
    )
    rungs = {**{name: rivals[name] for name in ladder(rivals)}, MODEL: predictions}
    work.ladder += compare_ladder(rungs, split=split, merit=merit, groups=groups, efforts=efforts)
    baselines = tuple(e for e in work.evaluations if e.split == split)
    work.evaluations += (evaluation,)
    work.comparisons += comparisons
    return Outcome(
        predictions=predictions,
        evaluation=evaluation,
        baselines=baselines,
        comparisons=comparisons,
        train=fitted,
        consulted=looks_beside(work.folder, split),
        fresh=_fresh(work, predictions, split),
    )


def _untrained(work: Work, split: str) -> Evaluation:
    """The network as it was made, before its first step, on the rows that judge."""
    pipeline = work.assembled()
    model = fresh_model(pipeline, pipeline.recipe.train.seed, device=work.device)
    predictions = predict(pipeline, model, pipeline.splits[split], device=work.device).predictions
    return evaluate(predictions, pipeline.task, model=MODEL, split=split, mistakes=0, mistakes_each_pair=0)


def _fresh(work: Work, predictions: Predictions, split: str) -> Evaluation | None:
    """The network on the rows of a split that training does not have; None where that is all of them, or none."""
    unseen = np.flatnonzero(~seen_in_training(work.dataset, split))
    if not 0 < len(unseen) < len(predictions):
        return None
    part = predictions.take(unseen)
    return evaluate(part, work.assembled().task, model=MODEL, split=split, mistakes=0, mistakes_each_pair=0)


def best_baseline(work: Work) -> str | None:
    """The baseline with the best primary score on the validation split, or on the test split where there is none."""
    split = _choosing(work)
    best: Evaluation | None = None
    for evaluation in work.evaluations:
        if (
            evaluation.split == split
            and evaluation.model != MODEL
            and (best is None or evaluation.primary.beats(best.primary))
        ):
            best = evaluation
    return None if best is None else best.model


def _choosing(work: Work) -> str:
    return next(iter(work.held_out()), "train")
