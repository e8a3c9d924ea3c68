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


def test_sections_are_the_keys_that_hold_keys_or_a_list_of_them():
    keys = {name for name, value in read().model_dump().items() if isinstance(value, dict)}

    assert set(SECTIONS) == keys | {"references"}


def test_costs_are_by_the_names_of_classes_which_may_be_numbers():
    file = read(thresholds={"precision": 0.8, "costs": {0: {1: 1}, "b": {0: 5}}})

    assert file.thresholds.precision == 0.8
    assert file.thresholds.costs == {"0": {"1": 1.0}, "b": {"0": 5.0}}
    assert read().thresholds.costs is None


def test_spans_are_read_strictly_unless_it_is_said():
    assert read().spans.reading == "strict"
    assert read(spans={"reading": "lenient"}).spans.reading == "lenient"
    (fault,) = read(spans={"reading": "loose"})
    assert fault.dotted == "spans.reading"


@pytest.mark.parametrize("given", [{"precision": 90}, {"costs": [[0, 1], [5, 0]]}, {"costs": {"a": 5}}])
def test_thresholds_that_are_none_are_refused(given):
    (fault,) = read(thresholds=given)
    assert fault.dotted.startswith("thresholds.")


def test_what_is_expected_is_said_of_any_score():
    file = read(expect={"r2": ">= 0.8", "gap": ["> -0.1", "< 0.05"], "beats": "ridge", "because": "It is linear."})

    assert file.expect.claims == {"r2": (">= 0.8",), "gap": ("> -0.1", "< 0.05")}
    assert (file.expect.beats, file.expect.because) == (("ridge",), "It is linear.")
    assert validate(ProjectFile, file.model_dump(mode="json")) == file
    assert read().expect.claims == {}


@pytest.mark.parametrize("said", ["good", "0.9", True, None, {"a": 1}, [">= 1", "good"], [3]])
def test_a_claim_is_a_relation_and_a_number(said):
    (fault,) = read(expect={"r2": said})

    assert fault.path == ("expect", "r2")
    assert "a relation (>=, >, <=, <) and a number" in fault.legal
    assert "`because`" in fault.legal


def test_a_number_alone_is_told_what_it_lacks():
    (fault,) = read(expect={"r2": 0.9})

    assert fault.legal.endswith("such as '>= 0.9'")


def test_references_say_where_they_come_from():
    whole = {"name": "Somebody", "metric": "r2", "score": 0.9, "source": "A paper"}
    file = read(references=[whole])

    assert (file.references[0].name, file.references[0].score) == ("Somebody", 0.9)
    assert validate(ProjectFile, file.model_dump(mode="json")) == file
    assert read().references == ()
    for key in whole:
        (fault,) = read(references=[{name: value for name, value in whole.items() if name != key}])
        assert fault.path == ("references", 0, key)
    (fault,) = read(references=[whole | {"score": "high"}])
    assert fault.legal == "must be a number"
