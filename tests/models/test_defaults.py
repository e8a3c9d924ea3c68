import pytest

from kilter.models.catalogue import MODELS
from kilter.models.defaults import default_recipe
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

from .conftest import IMAGE, TABLE, TEXT, sizes


@pytest.mark.parametrize("inputs", [TEXT, TABLE, IMAGE])
@pytest.mark.parametrize("rows", [1, 50, 5_000, 2_000_000])
def test_every_kind_of_input_has_a_whole_recipe(inputs, rows):
    recipe = default_recipe(ModelChoice(), inputs, rows, {})
    assert recipe.model.name != "auto"
    assert recipe.train.length.amount >= 1


def test_what_is_given_is_taken():
    given = {"optimizer": {"learning_rate": 0.5}, "batch": {"size": 7}, "train": {"seed": 4}, "schedule": "constant"}
    recipe = default_recipe(ModelChoice(), TEXT, 100, given)
    assert recipe.optimizer.learning_rate == 0.5
    assert (recipe.batch.size, recipe.batch.tokens) == (7, None)
    assert (recipe.train.seed, recipe.schedule.name) == (4, "constant")


def test_another_optimizer_brings_its_own_defaults():
    recipe = default_recipe(ModelChoice(), TABLE, 100, {"optimizer": "sgd"})
    assert (recipe.optimizer.name, recipe.optimizer.learning_rate) == ("sgd", 0.1)


def test_a_batch_of_tokens_holds_the_longest_text():
    recipe = default_recipe(ModelChoice(), Inputs(vocabulary=10, longest=5_000), 100, {})
    assert recipe.batch.tokens is None or recipe.batch.tokens >= 5_000


def test_a_fault_in_what_is_given_is_said():
    with pytest.raises(RecipeError, match=r"optimizer\.lerning_rate"):
        default_recipe(ModelChoice(), TEXT, 100, {"optimizer": {"lerning_rate": 1}})


def test_naming_the_default_optimizer_keeps_its_defaults():
    silent = default_recipe(ModelChoice(), TEXT, 100, {})
    named = default_recipe(ModelChoice(), TEXT, 100, {"optimizer": {"name": "adamw", "weight_decay": 0.0}})
    assert named.optimizer.learning_rate == silent.optimizer.learning_rate
    assert named.optimizer.weight_decay == 0.0


@pytest.mark.parametrize(
    ("image", "shift", "flip"), [((3, 32, 32), 3, True), ((1, 28, 28), 3, False), ((3, 4, 40), 0, True)]
)
def test_pictures_are_moved_and_coloured_ones_mirrored(image, shift, flip):
    augment = default_recipe(ModelChoice(), Inputs(image=image), 4_000, {}).augment
    assert (augment.shift, augment.flip) == (shift, flip)
    plain = default_recipe(ModelChoice(), Inputs(image=image), 4_000, {"augment": {"shift": 0, "flip": False}}).augment
    assert (plain.shift, plain.flip) == (0, False)


LISTED = [(name, form) for name, listing in sorted(MODELS.items()) for form in listing.forms]


@pytest.mark.parametrize(("name", "form"), LISTED)
@pytest.mark.parametrize("rows", [1, 300, 100_000])
def test_every_model_has_a_recipe_for_every_form(name, form, rows):
    inputs, _ = sizes(name, form)
    recipe = default_recipe(ModelChoice(name=name), inputs, rows, {}, form=form)
    assert recipe.model.name == name
    assert recipe.batch.tokens is None or inputs.vocabulary


@pytest.mark.parametrize("name", ["lm-lstm", "lm-gru", "lm-transformer"])
def test_a_language_model_reads_about_as_many_tokens_whatever_the_rows(name):
    inputs = Inputs(vocabulary=70, longest=258, texts=1)
    lengths = {
        rows: default_recipe(ModelChoice(name=name), inputs, rows, {}, form=Form.NEXT).train.length.amount
        for rows in (10, 3_922, 1_000_000)
    }
    assert lengths == {10: 60, 3_922: 8, 1_000_000: 1}
