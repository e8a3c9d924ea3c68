from dataclasses import replace

import pytest

from kilter.testing.trainee import make_pipeline
from kilter.training.events import Stop
from kilter.training.fit import fit, itinerary_of
from kilter.training.resuming import compare, half_of, rehearsed, until
from kilter.training.witness import Deposition
from kilter.values.errors import UsageError
from kilter.values.finding import Severity

K = 2
STEPS = range(1, 2 * K + 1)
STATE = {
    "weights": {"w": "1", "b": "1"},
    "optimizer": {"w.exp_avg": "1"},
    "random state": {"of torch": "1"},
    "modules": {"layer.calls": "1"},
}


def deposition(**changes):
    same = {step: f"{step}" for step in STEPS}
    return replace(Deposition(ids=same, given=same, losses=same, before=STATE, after=STATE), **changes)


def other(part, name):
    return {**STATE, part: {**STATE[part], name: "2"}}


def changed(step):
    return {number: "x" if number >= step else f"{number}" for number in STEPS}


WHOLE = deposition()


def found(resumed, killed=WHOLE):
    return [(finding.name, finding.severity, finding.where) for finding in compare(WHOLE, killed, resumed, K)]


def test_nothing_differs():
    assert not compare(WHOLE, WHOLE, deposition(), K)
    rest = {step: f"{step}" for step in STEPS if step > K}
    assert not compare(WHOLE, deposition(after={}), deposition(ids=rest, given=rest, losses=rest), K)


def test_what_is_not_repeatable_is_not_asked_further():
    killed = deposition(losses=changed(1))
    assert found(deposition(after=other("weights", "w")), killed) == [("not-repeatable", Severity.FAILURE, ("step 1",))]
    killed = deposition(given=changed(2))
    (finding,) = compare(WHOLE, killed, WHOLE, K)
    assert finding.evidence == {"step": 2, "same batches": False}


def test_other_rows_and_other_inputs():
    harmed = {"losses": changed(3), "after": other("weights", "w")}
    for resumed, causes in (
        (deposition(given=changed(3), **harmed), ("rng_not_seeded",)),
        (deposition(given=changed(3), ids=changed(3), **harmed), ("data_order_not_resumed",)),
    ):
        (finding,) = compare(WHOLE, WHOLE, resumed, K)
        assert (finding.name, finding.where, finding.causes) == ("other-data-after-resuming", ("step 3",), causes)


def test_random_states_that_follow_from_other_data_are_no_finding_of_their_own():
    resumed = deposition(given=changed(3), losses=changed(3), before=other("random state", "of torch"))
    assert [name for name, *_ in found(resumed)] == ["other-data-after-resuming"]


@pytest.mark.parametrize(("part", "name"), [("weights", "w"), ("optimizer", "w.exp_avg"), ("random state", "of torch")])
def test_what_does_not_come_back_is_named(part, name):
    resumed = deposition(before=other(part, name), losses=changed(3), after=other("weights", "w"))
    assert found(resumed) == [("state-not-restored", Severity.FAILURE, (name,))]


def test_what_modules_keep_is_a_failure_where_it_decides_and_else_a_note():
    hidden = other("modules", "layer.calls")
    name = "state-outside-state-dict"
    assert found(deposition(before=hidden, losses=changed(3))) == [(name, Severity.FAILURE, ("layer.calls",))]
    assert found(deposition(before=hidden, after=hidden)) == [(name, Severity.NOTE, ("layer.calls",))]


def test_a_difference_without_a_name():
    resumed = deposition(losses=changed(4), after=other("weights", "b"))
    (finding,) = compare(WHOLE, WHOLE, resumed, K)
    assert finding.name == "differs-after-resuming"
    assert "from step 4 on: b" in finding.seen
    assert finding.where == ("b",)


def test_how_many_steps():
    itinerary = itinerary_of(make_pipeline(length="100st"))  # 8 steps an epoch
    assert half_of(itinerary, None) == 6
    assert half_of(itinerary, 50) == 50
    assert half_of(itinerary_of(make_pipeline(length="5st")), None) == 2
    with pytest.raises(UsageError, match=r"steps=51: 1 up to 50, half of the run"):
        half_of(itinerary, 51)
    with pytest.raises(UsageError, match="2 steps or more can be parted"):
        half_of(itinerary_of(make_pipeline(length="1st")), None)


def test_the_recipe_keeps_its_length_and_rates():
    recipe = make_pipeline().recipe.replace("stop.patience", 1).replace("save.content", "weights")
    made = rehearsed(recipe, 6)
    assert (made.train.length, made.schedule, made.optimizer) == (
        recipe.train.length,
        recipe.schedule,
        recipe.optimizer,
    )
    assert (str(made.train.evaluate_every), str(made.save.every), made.save.content) == ("3st", "6st", "full")
    assert made.stop.patience is None


def test_a_training_ends_where_it_is_asked_to():
    pipeline = make_pipeline()
    fitted = fit(pipeline, hooks=until(pipeline.recipe, 4))
    assert (fitted.step, fitted.reason) == (4, "4 steps were asked for")
    assert isinstance(until(pipeline.recipe, 4)[-1](None, fitted.history), Stop)
