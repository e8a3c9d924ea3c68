"""What a run's folder says from its first moment on, and the project that can be read back from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kilter.data.fingerprint import fingerprint
from kilter.project.environment import environment
from kilter.project.expecting import write_down
from kilter.project.folder import (
    CONFIG,
    ENVIRONMENT,
    PREDICTIONS,
    PREPROCESSING,
    PROJECT,
    TASK,
    read_json,
    write_json,
    write_status,
    write_text,
)
from kilter.project.reading import parse_project
from kilter.values.errors import DataError, UsageError
from kilter.values.table import Field

if TYPE_CHECKING:
    from kilter.data.preprocessing import Preprocessing
    from kilter.data.settings import PreprocessingSettings
    from kilter.project.reading import Project
    from kilter.values.pipeline import Pipeline
    from kilter.values.run import Run
    from kilter.values.table import Dataset, Schema


def begin_record(
    folder: Path,
    project: Project,
    dataset: Dataset,
    *,
    stages: Sequence[str] = (),
    command: Sequence[str] | None = None,
    parent: Mapping[str, object] | None = None,
) -> None:
    """Write down what is to be run, on what data, by what, from which run it comes, and what is expected of it."""
    write_text(folder / PROJECT, project.text)
    origin = {
        "project": str(project.path.resolve()),
        "overrides": [override.said for override in project.overrides],
        "stages": list(stages),
        **({} if parent is None else {"parent": dict(parent)}),
    }
    write_json(folder / CONFIG, {"origin": origin, **project.file.own_sections()})
    seeds = {"train.seed": project.file.train.seed, "data.split.seed": project.file.data.split.seed}
    data = {split: fingerprint(table) for split, table in dataset.splits.items()}
    said = environment(folder=project.folder, command=command, seeds=seeds, data=data)
    write_json(folder / ENVIRONMENT, {**said, "columns": _kinds(dataset.schema)})
    write_down(folder, project)
    write_status(folder, "running", ())


def _kinds(schema: Schema) -> dict[str, str]:
    """What was found to be in each column that is learnt from, and in what is learnt."""
    inputs = {field.name: str(field.kind) for field in schema.inputs}
    return inputs | {field.name: f"{field.kind}, target" for field in _targets(schema)}


def _targets(schema: Schema) -> tuple[Field, ...]:
    return schema.joined or (Field(name=schema.target, kind=schema.target_kind),)


def write_assembled(
    folder: Path, pipeline: Pipeline, preprocessing: Preprocessing, settings: PreprocessingSettings
) -> None:
    """Write the resolved recipe and settings, and what it takes to predict: the task and the preprocessing."""
    resolved = {"preprocessing": settings.model_dump(mode="json"), **pipeline.recipe.model_dump(mode="json")}
    write_json(folder / CONFIG, {**read_json(folder / CONFIG), **resolved})
    write_json(folder / TASK, pipeline.task.describe())
    write_json(folder / PREPROCESSING, preprocessing.to_json())


def predictions_path(folder: Path, model: str, split: str) -> Path:
    """Where the predictions of a model on a split lie; the folder is made."""
    path = folder / PREDICTIONS / f"{model}.{split}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def read_run_project(run: Run) -> Project:
    """The project of a run, as it was then; paths in it are relative to where it stood.

    Raises:
        DataError: the run does not say.
    """
    origin = run.config.get("origin")
    if not isinstance(origin, dict):
        raise DataError(f"{run.path / CONFIG} does not say which project it came from", remedy="run it again")
    text = (run.path / PROJECT).read_text("utf-8")
    return parse_project(text, path=Path(str(origin["project"])), overrides=tuple(map(str, origin["overrides"])))


def same_data(run: Run, dataset: Dataset) -> None:
    """Make sure that the data of a run are still what they were.

    Raises:
        UsageError: they have changed; going on would mix two trainings.
    """
    recorded = run.environment.get("data")
    if not isinstance(recorded, dict):
        return
    changed = [split for split, table in dataset.splits.items() if recorded.get(split, "") != fingerprint(table)]
    if changed:
        raise UsageError(
            f"the data of {run.name} have changed since: {', '.join(changed)}",
            legal="a run goes on with the data it began with",
            remedy="restore them, or start again with `kilter run`",
        )
