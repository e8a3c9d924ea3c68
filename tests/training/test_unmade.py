import math

from hypothesis import given
from hypothesis import strategies as st

from kilter.training.events import StepDone
from kilter.training.rows import record
from kilter.training.unmade import back_off_scale, not_finite, policy_faults
from kilter.values.history import History
from kilter.values.recipe import Train

FINE, LOST, EMPTY = "fine", "lost", "empty"


def steps(kinds):
    """Steps of these kinds, each with the history that holds it."""
    history = History()
    for step, kind in enumerate(kinds, start=1):
        loss, norm = {FINE: (1.0, 1.0), LOST: (math.nan, 1.0), EMPTY: (math.nan, 0.0)}[kind]
        event = StepDone(step, 0, loss, norm, 0.1, empty=kind == EMPTY)
        history = record(event, history, float(step))
        yield event, history


def stopped_at(kinds, **train):
    hook = not_finite(Train(**train))
    return next((event.step for event, history in steps(kinds) if hook(event, history) is not None), None)


def test_the_first_number_that_is_none_stops_a_training():
    hook = not_finite(Train())
    assert hook(StepDone(1, 0, 1.0, 1.0, 0.1), History()) is None
    assert hook(StepDone(1, 0, math.nan, 1.0, 0.1), History()).failed
    assert hook(StepDone(1, 0, 1.0, math.inf, 0.1), History()).failed
    assert stopped_at([FINE, EMPTY, LOST, FINE]) == 3


@given(
    st.lists(st.sampled_from([FINE, LOST, EMPTY]), max_size=30),
    st.integers(1, 4),
    st.sampled_from(["skip", "back_off"]),
)
def test_so_many_in_a_row_end_it_by_the_other_policies(kinds, skips, policy):
    row, expected = 0, None
    for step, kind in enumerate(kinds, start=1):
        row = row + 1 if kind == LOST else 0
        if row == skips and expected is None:
            expected = step
    assert stopped_at(kinds, not_finite=policy, skips=skips) == expected


@given(st.lists(st.sampled_from([FINE, LOST, EMPTY]), min_size=1, max_size=30))
def test_each_of_them_halves_the_rate_where_the_recipe_backs_off(kinds):
    *_, (_, history) = steps(kinds)
    assert back_off_scale(history, Train(not_finite="back_off")) == 0.5 ** kinds.count(LOST)
    assert back_off_scale(history, Train(not_finite="skip")) == back_off_scale(history, Train()) == 1.0


def test_a_number_of_skips_that_nobody_counts_is_said():
    assert [fault.met for fault in policy_faults(Train(skips=3))] == ["train.skips = 3 with train.not_finite = 'stop'"]
    assert not list(policy_faults(Train(skips=3, not_finite="skip")))
