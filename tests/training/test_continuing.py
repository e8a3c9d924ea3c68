from itertools import pairwise

import pytest
from tests.engine.conftest import source

from kilter.engine.schedules import rate
from kilter.training.continuing import changed, constant_until, cooled, lengthened
from kilter.training.fit import itinerary_of
from kilter.training.itinerary import Itinerary
from kilter.values.duration import Duration
from kilter.values.errors import RecipeError, UsageError
from kilter.values.recipe import Recipe

STEADY = {"name": "constant", "warmup": "10%"}


def course(schedule, length="10ep", **sections):
    """A recipe, and its steps: 4 an epoch."""
    recipe = Recipe.read({"schedule": schedule, "train": {"length": length}, **sections})
    return recipe, Itinerary(source(64, size=16), recipe)


def rates(recipe, itinerary):
    return [
        rate(recipe.schedule, step=step, total=itinerary.total, steps_per_epoch=itinerary.steps_per_epoch)
        for step in range(itinerary.total)
    ]


@pytest.mark.parametrize(
    ("length", "total"), [("20%", 40), ("50%", 64), ("8st", 40), ("2ep", 40), ("0.5%", 33), ("1.5ep", 38)]
)
def test_a_cooldown_is_as_long_as_it_is_said(length, total):
    recipe, itinerary = course(STEADY)
    child = changed(recipe, cooled(recipe, itinerary, step=32, length=Duration.read(length)))

    assert str(child.train.length) == f"{total}st"
    assert str(child.schedule.cooldown) == f"{total - 32}st"


@pytest.mark.parametrize("shape", ["one_minus_sqrt", "linear"])
@pytest.mark.parametrize("schedule", [STEADY, {"name": "wsd", "warmup": "10%", "cooldown": "20%", "floor": 0.1}])
def test_the_steps_before_a_cooldown_have_the_rates_that_they_had(schedule, shape):
    recipe, itinerary = course(schedule)
    child = changed(recipe, cooled(recipe, itinerary, step=30, length=Duration(10, "st"), shape=shape))
    before, after = rates(recipe, itinerary), rates(child, Itinerary(source(64, size=16), child))

    assert after[:30] == before[:30]
    assert after[30] == 1
    assert all(one > other for one, other in pairwise(after[30:]))
    assert len(after) == 40
    expected = 1 - 0.9 if shape == "linear" else 1 - 0.9**0.5
    assert after[-1] == pytest.approx(expected)


def test_a_cooldown_makes_its_whole_length_and_looks_as_often_as_before():
    recipe, itinerary = course(
        STEADY,
        train={"length": "10ep", "evaluate_every": "10%"},
        save={"every": "20%"},
        stop={"patience": 2, "threshold": 0.1, "divergence": 9.0},
    )
    child = changed(recipe, cooled(recipe, itinerary, step=20, length=Duration(20, "%")))

    assert (child.stop.patience, child.stop.threshold, child.stop.divergence) == (None, None, 9.0)
    assert (str(child.train.evaluate_every), str(child.save.every)) == ("4st", "8st")


@pytest.mark.parametrize(
    ("schedule", "step", "said"),
    [
        (STEADY, 3, "the warm-up ends at step 4"),
        ({"name": "wsd", "warmup": "0st", "cooldown": "20%"}, 33, r"goes down from step 32 on.*up to step 32"),
        ({"name": "cosine"}, 20, "rate is not constant"),
        ({"name": "inverse_root"}, 20, "rate is not constant"),
        ({"name": "plateau"}, 20, "rate is not constant"),
    ],
)
def test_a_rate_that_is_not_constant_has_no_cooldown(schedule, step, said):
    recipe, itinerary = course(schedule)
    with pytest.raises(UsageError, match=said):
        cooled(recipe, itinerary, step=step, length=Duration(20, "%"))


def test_an_optimizer_that_averages_needs_no_cooldown():
    recipe, itinerary = course({"name": "constant"}, optimizer={"name": "schedule_free_adamw"})
    with pytest.raises(UsageError, match="takes the place of a cooldown"):
        cooled(recipe, itinerary, step=20, length=Duration(20, "%"))


@pytest.mark.parametrize("length", ["10min", "100%", "0st", "0%"])
def test_a_length_that_is_none_is_refused(length):
    recipe, itinerary = course(STEADY)
    with pytest.raises(UsageError, match="a share of the run"):
        cooled(recipe, itinerary, step=20, length=Duration.read(length))


def test_a_shape_that_is_none_is_refused():
    recipe, itinerary = course(STEADY)
    with pytest.raises(UsageError, match="one_minus_sqrt or linear"):
        cooled(recipe, itinerary, step=20, length=Duration(20, "%"), shape="cosine")


@pytest.mark.parametrize(
    "schedule",
    [
        STEADY,
        {"name": "plateau", "warmup": "10%"},
        {"name": "inverse_root", "warmup": "25%"},
        {"name": "cyclical", "period": "20%"},
        {"name": "warm_restarts", "first": "5%", "growth": 2.0},
        {"name": "wsd", "warmup": "10%", "cooldown": "20%"},
    ],
)
@pytest.mark.parametrize("to", ["20ep", "90st"])
def test_what_is_lengthened_keeps_the_rates_that_it_had(schedule, to):
    recipe, itinerary = course(schedule)
    longer = changed(recipe, lengthened(recipe, itinerary, step=30, to=Duration.read(to)))
    further = Itinerary(source(64, size=16), longer)

    assert str(longer.train.length) == to
    assert further.total > itinerary.total
    assert rates(longer, further)[:32] == rates(recipe, itinerary)[:32]
    if schedule["name"] == "wsd":
        assert str(longer.schedule.cooldown) == "20%"
        assert constant_until(longer, further) == round(0.8 * further.total)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "polynomial", "one_cycle"])
def test_a_rate_that_hangs_on_the_length_is_not_lengthened(schedule):
    recipe, itinerary = course({"name": schedule})
    with pytest.raises(UsageError, match=r"hangs on the length.*train.length=20ep"):
        lengthened(recipe, itinerary, step=20, to=Duration(20, "ep"))


def test_a_cooldown_that_has_begun_is_not_lengthened():
    recipe, itinerary = course({"name": "wsd", "cooldown": "20%"})

    assert lengthened(recipe, itinerary, step=32, to=Duration(20, "ep"))
    with pytest.raises(UsageError, match=r"from step 32 on.*33 steps were made"):
        lengthened(recipe, itinerary, step=33, to=Duration(20, "ep"))


@pytest.mark.parametrize("to", ["200%", "0ep"])
def test_a_new_length_is_one_of_the_whole_run(to):
    recipe, itinerary = course(STEADY)
    with pytest.raises(UsageError, match="in all"):
        lengthened(recipe, itinerary, step=20, to=Duration.read(to))


def test_the_clock_may_end_what_goes_on_at_a_constant_rate(make_pipeline):
    recipe, itinerary = course(STEADY)
    longer = changed(recipe, lengthened(recipe, itinerary, step=40, to=Duration(5, "min")))
    assert str(longer.train.length) == "5min"

    recipe, itinerary = course({"name": "wsd"})
    changes = lengthened(recipe, itinerary, step=20, to=Duration(5, "min"))
    sections = changed(recipe, changes).model_dump(mode="json", exclude_unset=True)
    with pytest.raises(RecipeError, match="needs a run in epochs or steps"):
        itinerary_of(make_pipeline(**sections))
