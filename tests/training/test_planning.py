import json

import pytest

from kilter.engine.schedules import rate
from kilter.training.fit import itinerary_of
from kilter.training.planning import MOST_POINTS, lay_out
from kilter.values.json_form import from_json, to_json
from kilter.values.plan import Plan


def laid_out(pipeline):
    return lay_out(pipeline, itinerary_of(pipeline))


def test_the_arithmetic_multiplies_out(make_pipeline):
    pipeline = make_pipeline(batch={"size": 7, "accumulate": 3}, train={"length": "4ep"}, schedule="constant")
    made = laid_out(pipeline)
    batches = pipeline.splits["train"].plan(seed=pipeline.recipe.train.seed, epoch=0)
    assert made.batches == len(batches)
    assert (made.smallest, made.largest) == (min(map(len, batches)), max(map(len, batches)))
    assert made.rows == made.rows_an_epoch == sum(map(len, batches))
    assert made.steps_per_epoch == -(-made.batches // 3)
    assert made.steps == 4 * made.steps_per_epoch
    assert made.epochs == 4
    assert made.rows_a_step * made.steps_per_epoch == made.rows


def test_its_rates_are_those_of_the_steps(make_pipeline):
    pipeline = make_pipeline(train={"length": "50st"}, schedule={"name": "wsd", "warmup": "10st", "cooldown": "20st"})
    made, recipe = laid_out(pipeline), pipeline.recipe
    assert made.at == tuple(range(1, 51))
    expected = [
        recipe.optimizer.learning_rate
        * rate(recipe.schedule, step=step - 1, total=50, steps_per_epoch=made.steps_per_epoch)
        for step in made.at
    ]
    assert list(made.rates) == expected
    assert [(mark.step, mark.text) for mark in made.marks] == [
        (10, "warm-up ends"),
        (31, "cooldown begins"),
        (50, "end"),
    ]


def test_what_is_marked_turns_there(make_pipeline):
    for schedule, steps in (
        ({"name": "one_cycle", "rise": "20st"}, [20, 60]),
        ({"name": "cyclical", "period": "16st"}, [16, 60]),
        ({"name": "warm_restarts", "warmup": "5st", "first": "12st"}, [5, 18, 60]),
        ({"name": "cosine", "warmup": "1st"}, [60]),
    ):
        made = laid_out(make_pipeline(train={"length": "60st"}, schedule=schedule))
        assert [mark.step for mark in made.marks] == steps
        rates = dict(zip(made.at, made.rates, strict=True))
        if schedule["name"] == "warm_restarts":
            assert rates[17] < rates[18] == max(made.rates)
        if schedule["name"] == "one_cycle":
            assert rates[20] == max(made.rates)


def test_a_restart_behind_the_last_step_is_none(make_pipeline):
    schedule = {"name": "warm_restarts", "warmup": "5st", "first": "55st"}
    made = laid_out(make_pipeline(train={"length": "60st"}, schedule=schedule))
    assert [mark.text for mark in made.marks] == ["warm-up ends", "end"]


def test_a_long_run_is_told_at_some_of_its_steps(make_pipeline):
    made = laid_out(make_pipeline(train={"length": "100000st"}, schedule={"name": "cosine", "warmup": "777st"}))
    assert len(made.at) <= MOST_POINTS + 6
    assert (made.at[0], made.at[-1]) == (1, 100_000)
    assert {777, 778} <= set(made.at)
    assert list(made.at) == sorted(set(made.at))


def test_a_run_that_the_clock_ends_is_told_as_far_as_it_takes_to_see_how_it_goes_on(make_pipeline):
    schedule = {"name": "inverse_root", "warmup": "40st"}
    made = laid_out(make_pipeline(train={"length": "20min"}, schedule=schedule))
    assert (made.steps, made.epochs, made.length) == (None, None, "20min")
    assert made.at[-1] >= 80
    assert [mark.text for mark in made.marks] == ["warm-up ends"]
    assert "until 20min" in repr(made)


def test_a_plan_comes_back_from_its_json(make_pipeline):
    for schedule, length in (("cosine", "3ep"), ("constant", "1h")):
        made = laid_out(make_pipeline(schedule=schedule, train={"length": length}))
        assert from_json(Plan, json.loads(json.dumps(to_json(made)))) == made


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_run_of_one_step_has_a_plan(make_pipeline, schedule):
    made = laid_out(make_pipeline(train={"length": "1st"}, schedule={"name": schedule, "warmup": "0st"}))
    assert (made.at, made.steps) == ((1,), 1)
