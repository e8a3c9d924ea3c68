"""From a project to the live things: its data set, the rows that are left out, its pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.checks.data.cells import missing
from kilter.checks.data.rows import gather, stacked
from kilter.data.conforming import conform
from kilter.data.encoded import EncodedSource
from kilter.data.joining import join
from kilter.data.preprocessing import Preprocessing
from kilter.data.reading import DECIDES, Reading, ending_of, read
from kilter.data.settings import OF_TEXTS
from kilter.data.streaming import StreamSource
from kilter.data.text_variations import Synonyms
from kilter.models.baselines import AUTO, alternatives, measured
from kilter.models.catalogue import make_factory
from kilter.models.defaults import default_recipe
from kilter.models.own import imported
from kilter.project.columns import make_schema
from kilter.project.expecting import faults_in
from kilter.project.splits import HELD_OUT, described, put_aside, too_rare
from kilter.tasks.reading import form_of, make_task
from kilter.training.foreign_weights import begin_with
from kilter.values.errors import DataError, RecipeError, UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Augment
from kilter.values.table import Dataset, Kind, Schema, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.data.settings import PreprocessingSettings
    from kilter.data.vocabulary import Vocabulary
    from kilter.project.reading import Project
    from kilter.project.schema import Data
    from kilter.values.pipeline import ModelFactory
    from kilter.values.recipe import BatchSize
    from kilter.values.source import Source
    from kilter.values.task import Form, Task


def load_dataset(project: Project) -> Dataset:
    """Read a project's files; splits without a file are put aside from the training rows.

    Raises:
        RecipeError: columns that are not there, or settings that decide nothing, with their places.
        DataError: files that cannot be read, or do not hold what they are said to hold.
    """
    data = project.file.data
    paths = {"train": data.train, "valid": data.valid, "test": data.test}
    files = {split: project.folder / path for split, path in paths.items() if path is not None}
    faults = [
        project.fault(
            f"data.{key}",
            met=f"data.{key} decides nothing",
            legal="no file is of that kind",
            remedy="leave it out",
        )
        for key, endings in DECIDES.items()
        if getattr(data, key) is not None and not any(ending_of(path) in endings for path in files.values())
    ]
    if faults:
        raise project.error(faults)
    readings = {split: read_file(path, data) for split, path in files.items()}
    dataset = make_dataset(project, {split: reading.table for split, reading in readings.items()})
    notes = tuple(f"{files[split].name}: {note}" for split, reading in readings.items() for note in reading.notes)
    return replace(dataset, notes=(*notes, *dataset.notes))


def read_file(path: Path, data: Data) -> Reading:
    """A file, read as a project says its files are to be read.

    Raises:
        DataError: it cannot be read.
    """
    ending = ending_of(path)
    return read(path, **{key: getattr(data, key) for key, endings in DECIDES.items() if ending in endings})


def make_dataset(project: Project, tables: Mapping[str, Table]) -> Dataset:
    """The data set that a project makes of tables, `train` and those of `valid` and `test` that there are.

    Raises:
        RecipeError: columns that are not there, or settings that decide nothing, with their places.
        DataError: tables that do not hold what they are said to hold.
    """
    schema = make_schema(project, tables["train"])
    files = {"train": project.file.data.train, "valid": project.file.data.valid, "test": project.file.data.test}
    names = {split: files[split] or split for split in tables}
    if schema.joined:
        tables = {
            split: join(table, schema.joined, schema.target_kind, name=names[split]) for split, table in tables.items()
        }
    fitting = {split: conform(table, schema, name=names[split]) for split, table in tables.items()}
    notes = tuple(f"{Path(names['train']).name}: {note}" for note in too_rare(project, schema, fitting))
    return Dataset(splits=put_aside(project, schema, fitting), schema=schema, notes=notes)


def clean(project: Project, dataset: Dataset) -> tuple[Dataset, str]:
    """Leave out the rows that the project says to leave out (`data.leave_out`), and say how many.

    `contradictions` are rows, in any split, whose inputs also stand with another target; `overlap` are training rows
    whose inputs also stand in a held-out split; inputs are compared as the data audit compares them. `unlabelled` are
    rows without any target.

    Returns:
        The data set, and what became of its rows, to be appended to a sentence; empty where nothing did.

    Raises:
        DataError: nothing is left of a split.
    """
    given = {split: None for split in HELD_OUT if getattr(project.file.data, split) is not None}
    aside = described(project, dataset.schema, given)
    said = f"; {aside}" if aside else ""
    unwanted = project.file.data.leave_out
    rows = gather(dataset, few_values=0, few_words=0) if unwanted else None
    if rows is None:
        return dataset, said
    dropped = np.zeros(sum(dataset.sizes.values()), dtype=bool)
    for kind in unwanted:
        match kind:
            case "contradictions":
                found = rows.place[_contradicting(rows.exact, rows.target)]
            case "overlap":
                found = rows.place[_overlapping(rows.exact, rows.split)]
            case "unlabelled":
                found = np.flatnonzero(missing(stacked(dataset, dataset.schema.target)))
        dropped[found] = True
        said += f"; {len(found):,} left out ({kind})"
    bounds = np.cumsum([0, *dataset.sizes.values()])
    splits = {
        split: dataset[split].take(np.flatnonzero(~dropped[start : start + len(dataset[split])]))
        for split, start in zip(dataset, bounds[:-1].tolist(), strict=True)
    }
    for split, table in splits.items():
        if not len(table):
            raise DataError(
                f"nothing is left of {split}: data.leave_out = {', '.join(unwanted)} takes all its rows",
                legal="a split has one row at least",
                remedy="look at the data with `kilter audit`, or take it out of data.leave_out",
            )
    left = ", ".join(f"{split} {len(table):,}" for split, table in splits.items())
    return replace(dataset, splits=splits), f"{said}, which leaves {left}"


def build_pipeline(project: Project, dataset: Dataset) -> tuple[Pipeline, Preprocessing]:
    """The pipeline of a project over its data; all that is fitted is fitted on the training split.

    Where neither file nor command line say something, the recipe takes the default of its model over such inputs.

    Raises:
        RecipeError: what is not legal or decides nothing, with its place.
        DataError: targets that the task cannot have.
    """
    schema, train = dataset.schema, dataset["train"]
    form = _form(project, schema)
    settings = suited_settings(project, schema)
    preprocessing = Preprocessing.fit(train, schema, settings, form=form)
    choice, inputs = project.file.model, preprocessing.inputs
    try:
        task = make_task(
            project.file.task,
            preprocessing.targets(train, schema),
            train.ids,
            joined=schema.joined,
            loss=project.file.loss,
            form=form,
            tokens=preprocessing.tokens,
            elsewhere=[
                value
                for split in dataset
                if split != "train"
                for value in dataset[split].columns[schema.target].tolist()
            ],
            spans=project.file.spans.reading,
        )
        recipe = default_recipe(
            choice, inputs, len(train), dict(project.given), form=form, evaluated="valid" in dataset.splits
        )
        make_model = make_factory(recipe.model, inputs, task.outputs, form)
        varied = {"augment": recipe.augment, "synonyms": _synonyms(recipe.augment, preprocessing.vocabulary)}
        splits = {
            # augmentation is for training rows alone
            split: _source(split, dataset, preprocessing, task, recipe.batch, **(varied if split == "train" else {}))
            for split in dataset
        }
    except RecipeError as error:
        raise project.placed(error) from error
    faults = [
        project.fault(path, met=f"{path} decides nothing", legal=why, remedy="leave it out, or set what it needs")
        for path, why in _idle(project, settings, inputs.vocabulary, stream=schema.stream, evaluated="valid" in dataset)
    ]
    if recipe.batch.sampling == "balanced" and recipe.loss.class_weights == "balanced":
        fault = project.fault(
            "loss.class_weights",
            met="loss.class_weights: balanced beside batch.sampling: balanced",
            legal="either makes all classes count alike; both make rare ones count more than frequent ones",
            remedy="leave one of them out",
        )
        faults.append(fault)
    legal = alternatives(task.baselines)
    faults += [
        project.fault(f"baselines.{number}", met=f"baselines has {name!r}", legal=nearest(name, legal))
        for number, name in enumerate(project.file.baselines)
        if name not in (*legal, AUTO)
    ]
    rivals = measured(project.file.baselines, task.baselines, schema, dataset["train"])
    faults += faults_in(project, task, measured=rivals)
    if faults:
        raise project.error(faults)
    make_model = _beginning(project, recipe.train.weights, make_model)
    return Pipeline(task=task, make_model=make_model, splits=splits, recipe=recipe), preprocessing


def _beginning(project: Project, weights: str | None, make_model: ModelFactory) -> ModelFactory:
    """The factory, whose models begin with the weights that the recipe names.

    Raises:
        RecipeError: they cannot be read, or nothing of them matches the model.
    """
    if weights is None:
        return make_model
    try:
        return begin_with(make_model, project.folder / weights)
    except (UsageError, DataError) as error:
        said = error.summary
        met = f"train.weights = {weights!r}: {said.met}"
        raise project.error([project.fault("train.weights", met=met, legal=said.legal, remedy=said.remedy)]) from error


def suited_settings(project: Project, schema: Schema) -> PreprocessingSettings:
    """How a project prepares its inputs: as it says, and where it says nothing as suits model, texts and task."""
    texts, model = len(schema.of_kind(Kind.TEXT)), project.file.model.name
    form = _form(project, schema)
    return project.file.preprocessing.suited(form, texts=texts, model=model, stream=schema.stream)


def _form(project: Project, schema: Schema) -> Form:
    """What the model answers."""
    return form_of(project.file.task, alone=schema.of_kind(*Kind) == (schema.target,))


def _contradicting(exact: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows whose inputs stand with more than one target."""
    pairs = np.unique(np.stack([exact[target >= 0], target[target >= 0]], axis=1), axis=0)
    inputs, targets = np.unique(pairs[:, 0], return_counts=True)
    found: NDArray[np.bool_] = np.isin(exact, inputs[targets > 1])
    return found


def _overlapping(exact: NDArray[np.int64], split: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Training rows, those of split 0, whose inputs stand in another split."""
    found: NDArray[np.bool_] = (split == 0) & np.isin(exact, exact[split != 0])
    return found


def _source(
    split: str, dataset: Dataset, preprocessing: Preprocessing, task: Task, batch: BatchSize, **varied: Any
) -> Source:
    table, schema = dataset[split], dataset.schema
    if schema.stream:
        return StreamSource(table=table, schema=schema, preprocessing=preprocessing, stack=task.stack, batch=batch)
    return EncodedSource(
        encoded=preprocessing.encode(table),
        table=table,
        schema=schema,
        targets=task.encode(preprocessing.targets(table, schema), table.ids),
        stack=task.stack,
        batch=batch,
        **varied,
    )


def _synonyms(augment: Augment, vocabulary: Vocabulary | None) -> Synonyms | None:
    if augment.synonyms is None or vocabulary is None:
        return None
    return Synonyms.of(imported(augment.synonyms, setting="augment.synonyms"), vocabulary)


def _idle(
    project: Project, settings: PreprocessingSettings, vocabulary: int, *, stream: bool, evaluated: bool
) -> list[tuple[str, str]]:
    """Settings that were given and that nothing reads, and why."""
    idle = [
        (f"preprocessing.{key}", "it is for texts, and no input holds any")
        for key in OF_TEXTS
        if project.says(f"preprocessing.{key}") and not vocabulary
    ]
    idle += [
        (f"preprocessing.{key}", "it is for unit: ngrams")
        for key in ("word_ngrams", "character_ngrams")
        if project.says(f"preprocessing.{key}") and vocabulary and settings.unit != "ngrams"
    ]
    if project.says("preprocessing.spaces") and vocabulary and settings.unit != "character":
        idle.append(("preprocessing.spaces", "it is for unit: character; words are parted at white space anyway"))
    if not evaluated:
        idle += [
            (path, "there is no validation split to look at while training")
            for path in ("train.evaluate_every", "train.show")
            if project.says(path)
        ]
    if stream:  # its windows are moved in each epoch, and never varied otherwise
        idle += [
            (f"augment.{key}", "it is for rows that stand by themselves, and these are one text")
            for key in Augment.model_fields
            if project.says(f"augment.{key}")
        ]
        idle += [
            (f"batch.{key}", "windows of one text are all of one length and of one task")
            for key in ("pool", "sampling", "sampling_exponent")
            if project.says(f"batch.{key}")
        ]
    if project.says("augment.token_swaps") and vocabulary and settings.unit == "ngrams":
        idle.append(("augment.token_swaps", "a bag of n-grams has no order; preprocessing.unit: word has"))
    if project.says("batch.pool") and not vocabulary:
        idle.append(("batch.pool", "it is for texts, and no input holds any"))
    return idle
