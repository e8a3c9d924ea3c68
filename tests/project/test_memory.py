import pytest

from kilter.project.memory import project_in_memory
from kilter.values.errors import RecipeError


def test_settings_are_sections_of_a_project_file():
    project = project_in_memory(
        ("train", "test"), target="y", task="regression", settings={"model": "mlp", "data": {"ignore": ["id"]}}
    )

    assert project.file.data.test == "test"
    assert project.file.data.valid is None
    assert project.file.data.ignore == ("id",)
    assert project.given == {"model": "mlp"}


def test_all_faults_are_said_at_once():
    with pytest.raises(RecipeError) as caught:
        project_in_memory(("train",), target="y", task="regresion", settings={"modle": "mlp", "batch": {"size": 0}})

    assert [str(fault) for fault in caught.value.faults] == [
        "settings task = 'regresion': did you mean 'regression'?; say `task: classification` or `task: regression`.",
        "settings batch.size = 0: must be 1 or more.",
        "settings modle: unknown key; did you mean 'model'?",
    ]


def test_a_number_is_not_left_to_be_found_where_no_run_finds_it():
    settings = {"batch": "auto", "lr": "auto"}
    with pytest.raises(RecipeError) as caught:
        project_in_memory(("train",), target="y", task="regression", settings=settings)

    assert [fault.met for fault in caught.value.faults] == ["batch.size is auto", "optimizer.learning_rate is auto"]
    assert caught.value.faults[1].remedy == "kilter.find_learning_rate(pipeline) suggests one"
