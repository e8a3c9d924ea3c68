from typing import get_args

import pytest

from kilter.values.errors import RecipeError
from kilter.values.recipe import Recipe
from kilter.values.schedule import AnySchedule

KINDS = get_args(AnySchedule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schedule_goes_by_its_name_in_a_recipe_and_comes_back_from_json(kind):
    recipe = Recipe.read({"schedule": kind().name})
    assert recipe.schedule == kind()
    assert Recipe.read(recipe.model_dump(mode="json")) == recipe


def test_no_two_have_the_same_name():
    assert len({kind().name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"name": "cosine", "floor": 1.5}, "schedule.floor = 1.5"),
        ({"name": "polynomial", "power": 0}, "schedule.power = 0"),
        ({"name": "inverse_root", "warmup": "0st"}, "longer than nothing"),
        ({"name": "cyclical", "decay": 0}, "schedule.decay = 0"),
        ({"name": "warm_restarts", "growth": 0.5}, "schedule.growth = 0.5"),
        ({"name": "plateau", "factor": 1.0}, "schedule.factor = 1"),
        ({"name": "plateau", "patience": 0}, "schedule.patience = 0"),
        ({"name": "wsd", "shape": "sudden"}, "schedule.shape = 'sudden'"),
        ({"name": "constant", "floor": 0.1}, "schedule.floor: unknown"),
        ({"name": "cosine", "warmup": "20min"}, "a rate is a function of the step"),
    ],
)
def test_what_is_no_legal_number_is_said_with_its_path(schedule, said):
    with pytest.raises(RecipeError) as caught:
        Recipe.read({"schedule": schedule})
    assert said in str(caught.value)
