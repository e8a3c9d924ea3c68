"""One real example followed through a pipeline, with the parameters of its model and the arithmetic of its training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kilter.engine.devices import choose_device
from kilter.engine.seeding import fresh_model, left_as_found
from kilter.engine.tracing import trace
from kilter.project.assembling import build_pipeline, clean, load_dataset
from kilter.project.decisions import as_answer, as_decision
from kilter.project.folder import CHECKPOINTS, load_run
from kilter.project.passages import (
    as_batch,
    as_read,
    as_tensors,
    parameter_table,
    through_layers,
    token_of,
)
from kilter.project.recording import read_run_project
from kilter.training.checkpoints import at_step
from kilter.training.fit import itinerary_of
from kilter.training.itinerary import ENDLESS
from kilter.training.keeping import read_best
from kilter.values.errors import UsageError
from kilter.values.task import Form
from kilter.values.walkthrough import Passage, Walkthrough

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from kilter.data.preprocessing import Preprocessing
    from kilter.project.reading import Project
    from kilter.values.batch import Batch, Example
    from kilter.values.pipeline import Pipeline

DESCRIBED: Final = ("valid", "test", "train")
"""The splits of which an example is taken, the first that is there: how the model meets what it was not trained on."""


class Place(NamedTuple):
    """Where an example stands."""

    split: str
    row: int


def describe_pipeline(
    pipeline: Pipeline,
    *,
    row: str | None = None,
    split: str | None = None,
    preprocessing: Preprocessing | None = None,
    model: nn.Module | None = None,
    weights: str | None = None,
) -> Walkthrough:
    """One example of a pipeline on its way from the file to the decision; nothing is changed by looking.

    Args:
        pipeline: what is described.
        row: the example's id; None takes the first row of the split.
        split: where it stands; None looks for the id in all splits, or takes the first of valid, test and train.
        preprocessing: what made the tensors, so that ids can be read; None where that is not known.
        model: whose answer it is; None makes a fresh one from the run's seed.
        weights: what is said of them.

    Raises:
        UsageError: there is no such split, or no such row.
    """
    place = _place(pipeline, row, split)
    source = pipeline.splits[place.split]
    device = choose_device(pipeline.recipe.train.device)
    with left_as_found():
        if model is None:
            model = fresh_model(pipeline, pipeline.recipe.train.seed, device=device)
            weights = weights or f"fresh weights of the seed {pipeline.recipe.train.seed}, before any training"
        batch = source.plain([place.row]).to(device)
        traced = trace(pipeline, model, batch)
        example = source.example(place.row)
        tokens = _spoken(pipeline, batch, example, preprocessing)
        passages = [
            as_read(example),
            *as_tensors(batch, example, preprocessing),
            as_batch(_first_batch(pipeline), len(pipeline.splits["train"])),
            through_layers(traced.layers, traced.outputs),
            as_answer(pipeline, batch, traced.outputs, tokens),
            *(
                [as_decision(pipeline, model, batch, traced.outputs, source.targets[place.row])]
                if pipeline.task.per_example
                else []
            ),
            parameter_table(model),
            arithmetic(pipeline),
        ]
    return Walkthrough(
        id=source.ids[place.row], split=place.split, weights=weights or "the given weights", passages=tuple(passages)
    )


def describe_project(project: Project, *, row: str | None = None, split: str | None = None) -> Walkthrough:
    """One example of a project, with fresh weights.

    Raises:
        KilterError: files that cannot be read, or settings that are not legal.
    """
    dataset, _ = clean(project, load_dataset(project))
    pipeline, preprocessing = build_pipeline(project, dataset)
    return describe_pipeline(pipeline, row=row, split=split, preprocessing=preprocessing)


def describe_run(path: str | Path, *, row: str | None = None, split: str | None = None) -> Walkthrough:
    """One example of a run's data, with its best weights, or with fresh ones where nothing was trained.

    Raises:
        UsageError: it is no run.
        KilterError: its data can no longer be read.
    """
    run = load_run(path)
    project = read_run_project(run)
    dataset, _ = clean(project, load_dataset(project))
    pipeline, preprocessing = build_pipeline(project, dataset)
    step = read_best(run.path / CHECKPOINTS)
    if step is None:
        return describe_pipeline(pipeline, row=row, split=split, preprocessing=preprocessing)
    with left_as_found():
        device = choose_device(pipeline.recipe.train.device)
        model = fresh_model(pipeline, pipeline.recipe.train.seed, device=device)
        at_step(run.path / CHECKPOINTS, step).load_model(model)
    return describe_pipeline(
        pipeline,
        row=row,
        split=split,
        preprocessing=preprocessing,
        model=model,
        weights=f"the best weights of {run.name}, those of step {step:,}",
    )


def arithmetic(pipeline: Pipeline) -> Passage:
    """N = batch × step: what the run will see, counted."""
    source, recipe = pipeline.splits["train"], pipeline.recipe
    batches = source.plan(seed=recipe.train.seed, epoch=0)
    itinerary = itinerary_of(pipeline)
    sizes = sorted({len(rows) for rows in batches})
    size = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    steps = itinerary.steps_per_epoch
    rows = [
        ("rows of the training split (N)", f"{len(source):,}"),
        ("rows a batch", size),
        ("batches an epoch", f"{len(batches):,}"),
        ("batches a step", f"{recipe.batch.accumulate}"),
        ("steps an epoch", f"{steps:,}"),
    ]
    seen = f"{len(source):,} rows = {steps:,} steps × {len(source) / steps:.4g} rows a step, each row once an epoch"
    if itinerary.total < ENDLESS:
        epochs = itinerary.total / steps
        rows += [
            ("epochs", f"{epochs:.4g}"),
            ("steps in all", f"{itinerary.total:,}"),
            ("examples seen in all", f"{round(epochs * len(source)):,}"),
        ]
    else:
        rows.append(("the run ends after", str(recipe.train.length)))
    return Passage(
        title="The arithmetic of the training",
        said=f"{seen}; early stopping may end it sooner.",
        columns=("count", "number"),
        rows=tuple(rows),
        numeric=(1,),
    )


def _place(pipeline: Pipeline, row: str | None, split: str | None) -> Place:
    if split is not None and split not in pipeline.splits:
        raise UsageError(f"there is no split {split!r}", legal=f"there are {', '.join(pipeline.splits)}")
    if row is None:
        return Place(split or next(name for name in DESCRIBED if name in pipeline.splits), 0)
    for name in _looked_through(pipeline, split):
        ids = list(pipeline.splits[name].ids)
        if row in ids:
            return Place(name, ids.index(row))
    first = pipeline.splits[split or "train"].ids[0]
    raise UsageError(
        f"no row has the id {row!r}" + (f" in {split}" if split else ""),
        legal=f"ids are such as {first!r}",
        remedy="take one from the report or from the predictions; rows that were left out have none",
    )


def _looked_through(pipeline: Pipeline, split: str | None) -> Iterator[str]:
    yield from (name for name in pipeline.splits if split in (None, name))


def _first_batch(pipeline: Pipeline) -> Batch:
    source, seed = pipeline.splits["train"], pipeline.recipe.train.seed
    return source.batch(source.plan(seed=seed, epoch=0)[0], seed=seed, epoch=0)


def _spoken(pipeline: Pipeline, batch: Batch, example: Example, preprocessing: Preprocessing | None) -> Sequence[str]:
    """What token ids mean where the next one is answered; the example's own words where each of them is."""
    form = pipeline.task.form
    if form is Form.TOKEN:
        words = next((value for value in example.inputs.values() if isinstance(value, tuple | list)), ())
        return [str(word) for word in words] or [token_of(n, preprocessing) for n in batch.inputs["tokens"][0].tolist()]
    known = preprocessing.tokens if preprocessing else None
    return known.entries if known else ()
