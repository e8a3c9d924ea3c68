from typing import get_args

import pytest

from kilter.project.schema import SECTIONS, ProjectFile
from kilter.tasks.reading import TASKS
from kilter.values.recipe import Recipe
from kilter.values.table import Kind
from kilter.values.validation import validate

LEAST = {"data": {"train": "a.csv", "target": "y"}, "task": "regression"}


def read(**more):
    return validate(ProjectFile, {**LEAST, **more})


def test_the_least_that_a_file_says():
    file = read()

    assert file.data.inputs == {}
    assert file.gate.fail_on == "failure"
    assert file.baselines == ("auto",)


def test_the_sections_of_the_recipe_are_those_of_the_recipe():
    for name, field in Recipe.model_fields.items():
        assert ProjectFile.model_fields[name].annotation == field.annotation
        assert ProjectFile.model_fields[name].default == field.default


def test_the_tasks_are_those_that_there_are():
    assert get_args(ProjectFile.model_fields["task"].annotation) == TASKS


def test_the_kinds_are_those_that_there_are():
    for kind in (Kind.TEXT, Kind.NUMBER, Kind.CATEGORY, Kind.IMAGE, Kind.TOKENS, "auto"):
        assert read(data={**LEAST["data"], "inputs": {"a": str(kind)}}).data.inputs == {"a": str(kind)}


def test_names_of_inputs_leave_their_kinds_to_the_data():
    assert read(data={**LEAST["data"], "inputs": ["a", "b"]}).data.inputs == {"a": "auto", "b": "auto"}
    assert read(data={**LEAST["data"], "inputs": "a"}).data.inputs == {"a": "auto"}


def test_a_word_alone_is_a_list_of_one():
    file = read(data={**LEAST["data"], "ignore": "id", "leave_out": "overlap"}, baselines="linear")

    assert (file.data.ignore, file.data.leave_out, file.baselines) == (("id",), ("overlap",), ("linear",))
    assert read(tracking={"mirrors": "tensorboard"}).tracking.mirrors == ("tensorboard",)


def test_everything_can_be_written_as_json_and_read_again():
    file = read(data={**LEAST["data"], "inputs": ["a"], "ignore": ["b"]}, model="mlp", name="one", baselines=[])
    data = file.model_dump(mode="json")

    assert validate(ProjectFile, data) == file
    assert set(file.own_sections()) == set(data) - set(Recipe.model_fields)


def test_sections_are_the_keys_that_hold_keys():
    assert set(SECTIONS) == {name for name, value in read().model_dump().items() if isinstance(value, dict)}


def test_costs_are_by_the_names_of_classes_which_may_be_numbers():
    file = read(thresholds={"precision": 0.8, "costs": {0: {1: 1}, "b": {0: 5}}})

    assert file.thresholds.precision == 0.8
    assert file.thresholds.costs == {"0": {"1": 1.0}, "b": {"0": 5.0}}
    assert read().thresholds.costs is None


@pytest.mark.parametrize("given", [{"precision": 90}, {"costs": [[0, 1], [5, 0]]}, {"costs": {"a": 5}}])
def test_thresholds_that_are_none_are_refused(given):
    (fault,) = read(thresholds=given)
    assert fault.dotted.startswith("thresholds.")
