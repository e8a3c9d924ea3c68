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
