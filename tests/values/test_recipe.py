import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kilter.values.errors import RecipeError
from kilter.values.recipe import AdamW, Recipe, Sgd
from kilter.values.schedule import Constant


def faults(data):
    with pytest.raises(RecipeError) as caught:
        Recipe.read(data)
    return [str(fault) for fault in caught.value.faults]


def test_nothing_said_is_a_whole_recipe():
    recipe = Recipe.read({})

    assert recipe == Recipe()
    assert isinstance(recipe.optimizer, AdamW)
    assert recipe.batch.size == 64


def test_it_comes_back_from_json_as_it_was():
    recipe = Recipe.read(
        {"optimizer": "sgd", "schedule": "wsd", "batch": {"tokens": 4096}, "model": {"name": "mlp", "width": 8}}
    )

    assert Recipe.read(json.loads(recipe.model_dump_json())) == recipe


def test_a_name_alone_is_a_section():
    recipe = Recipe.read({"model": "mlp", "optimizer": "sgd", "schedule": "constant"})

    assert recipe.model.name == "mlp"
    assert isinstance(recipe.optimizer, Sgd)
    assert isinstance(recipe.schedule, Constant)


def test_all_faults_are_said_at_once():
    said = faults({"batch": {"size": 0}, "train": {"length": 10, "sead": 1}, "optimizer": {"momentum": 0.9}})

    assert said == [
        "batch.size = 0: must be 1 or more.",
        "optimizer.momentum: unknown key; it belongs to 'sgd'; give optimizer.name: sgd, or leave it out.",
        "train.length = 10: a duration has a unit, such as '10ep' (epochs) or '10st' (steps).",
        "train.sead: unknown key; did you mean 'seed'?",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"stop": {"patience": True}}, "stop.patience = true: must be a whole number."),
        ({"train": {"seed": "3"}}, "train.seed = '3': must be a whole number."),
        ({"train": {"seed": 1.5}}, "train.seed = 1.5: must be a whole number."),
        ({"optimizer": {"learning_rate": "1e-4"}}, "optimizer.learning_rate = '1e-4': must be a number."),
        ({"optimizer": {"learning_rate": float("nan")}}, "optimizer.learning_rate = nan: must be a finite number."),
        (
            {"batch": {"size": 1, "tokens": 1}},
            "batch = {'size': 1, 'tokens': 1}: size and tokens are both given; give one of them.",
        ),
    ],
)
def test_slips_of_type_are_faults(data, said):
    assert faults(data) == [said]


@given(st.floats(1e-8, 10.0))
def test_a_number_is_replaced_and_nothing_else(learning_rate):
    recipe = Recipe().replace("optimizer.learning_rate", learning_rate)

    assert recipe.optimizer.learning_rate == learning_rate
    assert recipe.replace("optimizer.learning_rate", Recipe().optimizer.learning_rate) == Recipe()


def test_another_kind_drops_the_parameters_of_the_old_one():
    recipe = Recipe.read({"optimizer": {"name": "adamw", "beta1": 0.5}}).replace("optimizer.name", "sgd")

    assert recipe.optimizer == Sgd()


@pytest.mark.parametrize(("path", "other"), [("batch.size", "tokens"), ("batch.tokens", "size")])
def test_size_and_tokens_take_each_others_place(path, other):
    recipe = Recipe.read({"batch": {other: 100}}).replace(path, 50)

    assert getattr(recipe.batch, path.split(".")[1]) == 50
    assert getattr(recipe.batch, other) is None


@pytest.mark.parametrize("path", ["optimiser.learning_rate", "train.seed.x", "nothing"])
def test_a_path_that_nothing_reads_is_refused(path):
    with pytest.raises(RecipeError, match="unknown"):
        Recipe().replace(path, 1)


def test_every_path_can_be_replaced_by_its_own_value():
    recipe = Recipe.read({"model": {"name": "mlp", "width": 3}})
    data = recipe.model_dump(mode="json")
    for path in recipe.paths():
        section, key = path.split(".")
        if not path.endswith(".name") and path != "batch.tokens":
            assert recipe.replace(path, data[section][key]) == recipe


def test_it_cannot_be_changed():
    with pytest.raises(ValidationError):
        Recipe().train.seed = 3


def test_it_shows_what_differs_from_the_defaults():
    assert repr(Recipe().replace("train.seed", 7)) == "Recipe(train={'seed': 7})"


def test_quantiles_rise_between_0_and_1_and_the_median_is_among_them():
    recipe = Recipe.read({"loss": {"name": "quantile", "quantiles": [0.1, 0.5, 0.9]}})
    assert recipe.loss.quantiles == (0.1, 0.5, 0.9)
    assert Recipe.read(json.loads(recipe.model_dump_json())) == recipe
    for wrong in ([0.1, 0.9], [0.5, 0.1], [0.5, 0.5], []):
        assert "levels rise and 0.5 is among them" in faults({"loss": {"quantiles": wrong}})[0]
    assert len(faults({"loss": {"quantiles": [0, 0.5, 1]}})) == 2
