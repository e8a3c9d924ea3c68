import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.training.plateau import patience_faults, plateau_faults, plateau_scale
from kilter.values.history import History
from kilter.values.recipe import Stop
from kilter.values.schedule import Cosine, Plateau


def evaluated(values, name="valid.loss"):
    return History().extend(range(len(values)), {name: values})


def torch_scale(values, *, mode, patience, factor, minimum_difference, floor):
    """torch reduces when more than its patience of evaluations were bad; ours when there were so many."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode=mode,
        factor=factor,
        patience=patience - 1,
        threshold=minimum_difference,
        threshold_mode="abs",
        min_lr=floor,
        eps=0.0,
    )
    for value in values:
        scheduler.step(value)
    return optimizer.param_groups[0]["lr"]


@given(
    st.lists(st.sampled_from([1.0, 1.1, 1.2, 0.9, 0.5, 0.25, math.nan, math.inf]), min_size=1, max_size=40),
    st.sampled_from(["min", "max"]),
    st.integers(1, 4),
    st.sampled_from([0.0, 0.15]),
    st.sampled_from([0.001, 0.3]),
)
def test_against_torch(values, mode, patience, minimum_difference, floor):
    if mode == "max":
        values = [value for value in values if value != math.inf] or [1.0]
    settings = {"mode": mode, "patience": patience, "minimum_difference": minimum_difference, "floor": floor}
    schedule = Plateau(factor=0.5, **settings)
    assert plateau_scale(evaluated(values), schedule) == pytest.approx(torch_scale(values, factor=0.5, **settings))


def test_it_is_a_function_of_what_was_recorded_so_far():
    values = [1.0, 0.9, 0.95, 0.96, 0.97, 0.8, 0.85, 0.85, 0.85]
    history, schedule = evaluated(values), Plateau(patience=3, factor=0.1)
    scales = [plateau_scale(history.first(rows), schedule) for rows in range(len(values) + 1)]
    assert scales == pytest.approx([1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01])


def test_larger_is_better_where_the_metric_says_so():
    rising = evaluated([0.1, 0.2, 0.3, 0.4], "valid.accuracy")
    assert plateau_scale(rising, Plateau(metric="valid.accuracy", patience=1)) == 1.0
    assert plateau_scale(rising, Plateau(metric="valid.accuracy", mode="min", patience=3, factor=0.5)) == 0.5


def test_nothing_is_lowered_below_the_floor():
    history = evaluated([1.0] * 50)
    assert plateau_scale(history, Plateau(patience=1, factor=0.5, floor=0.2)) == 0.2


def test_other_schedules_and_empty_histories_have_nothing_to_scale():
    assert plateau_scale(evaluated([1.0] * 20), Cosine()) == 1.0
    assert plateau_scale(History(), Plateau()) == 1.0


def test_what_cannot_take_effect_is_said():
    assert not [*plateau_faults(Cosine(), evaluated=False)]
    assert not [*plateau_faults(Plateau(), evaluated=True)]
    (alone,) = plateau_faults(Plateau(), evaluated=False)
    assert "without a validation split" in alone.met
    (training,) = plateau_faults(Plateau(metric="train.loss"), evaluated=True)
    assert "train.loss" in training.met


def test_a_run_that_stops_before_its_rate_is_lowered_is_said():
    (fault,) = patience_faults(Plateau(patience=3), Stop(patience=3))
    assert (fault.met, fault.remedy) == (
        "schedule.patience = 3 with stop.patience = 3",
        "set stop.patience to 6 or more, or schedule.patience lower",
    )
    for schedule, stop in (
        (Cosine(), Stop(patience=1)),
        (Plateau(patience=3), Stop()),
        (Plateau(patience=3), Stop(patience=4)),
        (Plateau(patience=3), Stop(patience=3, metric="valid.accuracy")),
        (Plateau(patience=3), Stop(patience=3, minimum_difference=0.1)),
    ):
        assert not [*patience_faults(schedule, stop)]
