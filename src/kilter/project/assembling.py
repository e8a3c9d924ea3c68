"""From a project to the live things: its data set, the rows that are left out, its pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.checks.data.rows import gather
from kilter.data.conforming import conform
from kilter.data.encoded import EncodedSource
from kilter.data.preprocessing import Preprocessing
from kilter.data.reading import DELIMITED, JSON_LINES, read_table
from kilter.models.catalogue import make_factory
from kilter.models.defaults import default_recipe
from kilter.project.columns import make_schema
from kilter.project.splits import HELD_OUT, described, put_aside
from kilter.tasks.reading import TARGET_KINDS, make_task
from kilter.values.errors import DataError, RecipeError
from kilter.values.pipeline import Pipeline
from kilter.values.table import Dataset, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kilter.project.reading import Project
    from kilter.project.schema import Data
    from kilter.values.task import Task


_DECIDES: Final = MappingProxyType(
    {"encoding": (*DELIMITED, *JSON_LINES), "separator": tuple(DELIMITED), "decimal": tuple(DELIMITED)}
)
"""How text is read, and the endings of the files for which it says something."""


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
        for key, endings in _DECIDES.items()
        if getattr(data, key) is not None and not any(_ending(path) in endings for path in files.values())
    ]
    if faults:
        raise project.error(faults)
    tables = {split: read_rows(path, data) for split, path in files.items()}
    return make_dataset(project, tables)


def read_rows(path: Path, data: Data) -> Table:
    """A file's rows, read as a project says its files are to be read.

    Raises:
        DataError: it cannot be read.
    """
    ending = _ending(path)
    return read_table(path, **{key: getattr(data, key) for key, endings in _DECIDES.items() if ending in endings})


def make_dataset(project: Project, tables: Mapping[str, Table]) -> Dataset:
    """The data set that a project makes of tables, `train` and those of `valid` and `test` that there are.

    Raises:
        RecipeError: columns that are not there, or settings that decide nothing, with their places.
        DataError: tables that do not hold what they are said to hold.
    """
    schema = make_schema(project, tables["train"], TARGET_KINDS[project.file.task])
    names = {"train": project.file.data.train, "valid": project.file.data.valid, "test": project.file.data.test}
    fitting = {split: conform(table, schema, name=names[split] or split) for split, table in tables.items()}
    return Dataset(splits=put_aside(project, fitting), schema=schema)


def clean(project: Project, dataset: Dataset) -> tuple[Dataset, str]:
    """Leave out the rows that the project says to leave out (`data.leave_out`), and say how many.

    `contradictions` are rows, in any split, whose inputs also stand with another target; `overlap` are training rows
    whose inputs also stand in a held-out split. Inputs are compared as the data audit compares them.

    Returns:
        The data set, and what became of its rows, to be appended to a sentence; empty where nothing did.

    Raises:
        DataError: nothing is left of a split.
    """
    aside = described(project, {split: None for split in HELD_OUT if getattr(project.file.data, split) is not None})
    said = f"; {aside}" if aside else ""
    unwanted = project.file.data.leave_out
    rows = gather(dataset, few_values=0, few_words=0) if unwanted else None
    if rows is None:
        return dataset, said
    dropped = np.zeros(sum(dataset.sizes.values()), dtype=bool)
    for kind in unwanted:
        found = (
            _contradicting(rows.exact, rows.target)
            if kind == "contradictions"
            else _overlapping(rows.exact, rows.split)
        )
        dropped[rows.place[found]] = True
        said += f"; {int(found.sum()):,} left out ({kind})"
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
    return Dataset(splits=splits, schema=dataset.schema), f"{said}, which leaves {left}"


def build_pipeline(project: Project, dataset: Dataset) -> tuple[Pipeline, Preprocessing]:
    """The pipeline of a project over its data; all that is fitted is fitted on the training split.

    Where neither file nor command line say something, the recipe takes the default of its model over such inputs.

    Raises:
        RecipeError: what is not legal or decides nothing, with its place.
        DataError: targets that the task cannot have.
    """
    schema, train = dataset.schema, dataset["train"]
    task = make_task(project.file.task, train.columns[schema.target], train.ids)
    preprocessing = Preprocessing.fit(train, schema, project.file.preprocessing)
    choice, inputs = project.file.model, preprocessing.inputs
    try:
        recipe = default_recipe(choice, inputs, len(train), dict(project.given), evaluated="valid" in dataset.splits)
        make_model = make_factory(recipe.model, inputs, task.outputs)
        splits = {
            split: _source(split, dataset, preprocessing, task, batch=recipe.batch, augment=recipe.augment)
            for split in dataset
        }
    except RecipeError as error:
        raise project.placed(error) from error
    faults = [
        project.fault(path, met=f"{path} decides nothing", legal=why, remedy="leave it out, or set what it needs")
        for path, why in _idle(project, inputs.vocabulary)
    ]
    faults += [
        project.fault(f"baselines.{number}", met=f"baselines has {name!r}", legal=nearest(name, task.baselines))
        for number, name in enumerate(project.file.baselines)
        if name not in task.baselines and project.file.baselines != ("auto",)
    ]
    if faults:
        raise project.error(faults)
    return Pipeline(task=task, make_model=make_model, splits=splits, recipe=recipe), preprocessing


def _ending(path: Path) -> str:
    return (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()


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


def _source(split: str, dataset: Dataset, preprocessing: Preprocessing, task: Task, **settings: Any) -> EncodedSource:
    table = dataset[split]
    if split != "train":  # augmentation is for training rows alone
        settings["augment"] = None
    return EncodedSource(
        encoded=preprocessing.encode(table),
        table=table,
        schema=dataset.schema,
        targets=task.encode(table.columns[dataset.schema.target], table.ids),
        stack=task.stack,
        **settings,
    )


def _idle(project: Project, vocabulary: int) -> list[tuple[str, str]]:
    """Settings that were given and that nothing reads, and why."""
    settings = project.file.preprocessing
    of_texts = ("unit", "lower", "minimum_count", "largest_vocabulary", "longest", "word_ngrams", "character_ngrams")
    idle = [
        (f"preprocessing.{key}", "it is for texts, and no input holds any")
        for key in of_texts
        if project.says(f"preprocessing.{key}") and not vocabulary
    ]
    idle += [
        (f"preprocessing.{key}", "it is for unit: ngrams")
        for key in ("word_ngrams", "character_ngrams")
        if project.says(f"preprocessing.{key}") and vocabulary and settings.unit != "ngrams"
    ]
    if project.says("batch.pool") and not vocabulary:
        idle.append(("batch.pool", "it is for texts, and no input holds any"))
    return idle
