from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.values.cost import Cost, longer_intervals
from kilter.values.duration import Duration
from kilter.values.json_form import from_json, to_json

COST = Cost(
    parameters=10,
    trained=10,
    flops=600.0,
    steps=100,
    examples=3200,
    tokens=64_000,
    seconds=100.0,
    waiting=20.0,
    evaluating=15.0,
    saving=5.0,
    measuring=1.0,
    memory=2**20,
)
EPOCH = Duration(1, "ep")


def test_rates_are_of_the_time_that_went_into_steps():
    assert (COST.examples_per_second, COST.tokens_per_second, COST.flops_per_second) == (40.0, 800.0, 750.0)


def test_what_is_not_known_has_no_rate():
    unknown = replace(COST, flops=None, unknown="why", tokens=0, steps=0)
    assert unknown.examples_per_second is None
    assert unknown.tokens_per_second is None
    assert unknown.flops_per_second is None
    assert replace(COST, seconds=0.0).share(1.0) == 0.0


def test_it_comes_back_from_json():
    assert from_json(Cost, to_json(COST)) == COST


@given(st.floats(0, 80), st.floats(0, 80), st.floats(0.1, 100))
def test_with_longer_intervals_both_together_take_a_tenth_at_most(evaluating, saving, rest):
    cost = replace(COST, evaluating=evaluating, saving=saving, seconds=rest + evaluating + saving)
    longer = longer_intervals(cost, evaluate_every=EPOCH, save_every=Duration(50, "st"))
    after = evaluating / longer.get("train.evaluate_every", EPOCH).amount
    after += saving / (longer["save.every"].amount / 50 if "save.every" in longer else 1)
    if longer:
        assert after <= 0.1 * (rest + after) * (1 + 1e-9)
    else:
        assert evaluating + saving <= max(5.0, 0.1 * cost.seconds) * (1 + 1e-9)


@pytest.mark.parametrize(("evaluating", "saving"), [(4.0, 0.9), (5.0, 5.0), (0.0, 0.0)])
def test_of_what_costs_little_nothing_is_said(evaluating, saving):
    cost = replace(COST, evaluating=evaluating, saving=saving, seconds=100.1 if saving == 5.0 else 6.0)
    assert longer_intervals(cost, evaluate_every=EPOCH, save_every=EPOCH) == {}


def test_intervals_keep_their_unit():
    cost = replace(COST, evaluating=30.0, saving=30.0, seconds=100.0)
    longer = longer_intervals(cost, evaluate_every=Duration(2, "min"), save_every=Duration(100, "st"))
    assert longer == {"train.evaluate_every": Duration(28, "min"), "save.every": Duration(1400, "st")}
