import json

import pytest

from kilter.tasks.choices import chosen_loss, described
from kilter.values.errors import RecipeError
from kilter.values.recipe import LossChoice

LOSSES = {"squared": (), "huber": ("delta",)}


def chosen(**settings):
    return chosen_loss(LossChoice(**settings), LOSSES, task="regression")


def test_auto_is_the_first_and_a_name_is_itself():
    assert chosen() == "squared"
    assert chosen(name="huber") == "huber"
    assert chosen(name="huber", delta=2.0) == "huber"


def test_a_loss_of_another_task_is_refused_with_those_that_are_legal():
    with pytest.raises(RecipeError, match="'focal' is no loss of regression: legal are squared, huber"):
        chosen(name="focal")


def test_settings_that_decide_nothing_are_refused_all_at_once():
    with pytest.raises(RecipeError) as raised:
        chosen(smoothing=0.1, delta=2.0, class_weights="balanced", task_weights={"a": 2.0})
    said = [fault.met for fault in raised.value.faults]

    assert [sentence.split()[0] for sentence in said] == [
        "loss.smoothing",
        "loss.class_weights",
        "loss.task_weights",
        "loss.delta",
    ]
    assert "squared reads no such setting" in str(raised.value)

    with pytest.raises(RecipeError, match="huber reads delta"):
        chosen(name="huber", focus=2.0)


def test_a_choice_comes_back_from_its_description():
    for choice in (LossChoice(), LossChoice(name="huber", delta=0.5), LossChoice(class_weights={"a": 2.0})):
        assert LossChoice.model_validate(json.loads(json.dumps(described(choice)))) == choice
