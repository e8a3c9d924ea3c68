import json
from dataclasses import replace

import pytest

from kilter.data.fingerprint import fingerprint
from kilter.project.assembling import build_pipeline, load_dataset, suited_settings
from kilter.project.folder import load_run, read_json
from kilter.project.recording import begin_record, predictions_path, read_run_project, same_data, write_assembled
from kilter.values.errors import DataError, UsageError


@pytest.fixture
def project(make_project, tmp_path):
    return make_project(tmp_path / "project", "train.seed=7", "data.split.seed=3", "batch.size=8")


@pytest.fixture
def begun(project, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    begin_record(folder, project, load_dataset(project), command=["kilter", "run"])
    return load_run(folder)


def test_from_the_first_moment_it_stands_what_is_run_on_what(project, begun):
    dataset = load_dataset(project)

    assert begun.status == "running"
    assert (begun.path / "kilter.yaml").read_text("utf-8") == (project.folder / "kilter.yaml").read_text("utf-8")
    assert begun.environment["command"] == ["kilter", "run"]
    assert begun.environment["seeds"] == {"train.seed": 7, "data.split.seed": 3}
    assert begun.environment["data"] == {split: fingerprint(dataset[split]) for split in ("train", "valid", "test")}
    assert list(begun.config["data"]["target"]) == ["label"]
    schema = dataset.schema
    assert list(begun.environment["columns"]) == [*(field.name for field in schema.inputs), "label"]
    assert begun.environment["columns"]["label"] == "category, target"
    assert begun.config["origin"]["overrides"] == ["train.seed=7", "data.split.seed=3", "batch.size=8"]


def test_what_is_assembled_is_written_with_every_default(project, begun):
    dataset = load_dataset(project)
    pipeline, preprocessing = build_pipeline(project, dataset)
    write_assembled(begun.path, pipeline, preprocessing, suited_settings(project, dataset.schema))
    config = read_json(begun.path / "config.json")

    assert config["batch"]["size"] == 8
    assert config["optimizer"]["learning_rate"] == pipeline.recipe.optimizer.learning_rate
    assert config["preprocessing"] == suited_settings(project, dataset.schema).model_dump(mode="json")
    assert config["origin"] == begun.config["origin"]
    assert config["data"] == begun.config["data"]
    assert read_json(begun.path / "task.json") == json.loads(json.dumps(pipeline.task.describe()))
    assert read_json(begun.path / "preprocessing.json") == json.loads(json.dumps(preprocessing.to_json()))


def test_the_project_comes_back_with_what_was_laid_over_it(project, begun):
    again = read_run_project(begun)

    assert again.file == project.file
    assert again.folder == project.folder


def test_the_project_comes_back_after_its_file_has_changed(project, begun):
    (project.folder / "kilter.yaml").write_text("task: regression\n", "utf-8")

    assert read_run_project(begun).file == project.file


def test_a_run_that_does_not_say_where_it_came_from_is_refused(begun):
    with pytest.raises(DataError, match="does not say which project"):
        read_run_project(replace(begun, config={}))


def test_the_same_data_pass_and_others_are_named(project, begun):
    dataset = load_dataset(project)
    same_data(begun, dataset)
    fewer = replace(dataset, splits={**dataset.splits, "valid": dataset["valid"].take([0, 1])})

    with pytest.raises(UsageError, match="have changed since: valid: a run goes on with the data it began with"):
        same_data(begun, fewer)


def test_a_run_that_recorded_no_data_cannot_tell(begun, project):
    same_data(replace(begun, environment={}), load_dataset(project))


def test_predictions_lie_by_model_and_split(tmp_path):
    path = predictions_path(tmp_path, "linear", "test")

    assert path == tmp_path / "predictions" / "linear.test.jsonl"
    assert path.parent.is_dir()
