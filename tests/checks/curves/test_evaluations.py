"""Evaluations beside what was trained meanwhile."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.checks.curves.evaluations import (
    evaluations,
    in_other_units,
    judged,
    mean_error,
    means_beside,
    sampling_error,
    scores,
)
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.history import History


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.integers(1, 6), st.integers(0, 40))
def test_means_beside_are_those_of_a_plain_loop(values, width, step):
    steps = np.arange(1, len(values) + 1)
    before = [value for at, value in zip(steps, values, strict=True) if at <= step][-width:]
    after = [value for at, value in zip(steps, values, strict=True) if at > step][:width]
    (mean,) = means_beside(steps, np.array(values), np.array([step]), width)
    assert mean == pytest.approx(np.mean([*before, *after]), abs=1e-9)


def test_a_run_is_seen_at_its_evaluations():
    run = evaluations(recorded(falling(2.3, 0.3, 6), valid=falling(2.2, 0.5, 6), evaluations=10))
    assert run.steps.tolist() == list(range(40, 401, 40))
    assert run.by_step
    assert run.origin == run.start.value == pytest.approx(2.3, abs=0.15)
    assert run.end.value == pytest.approx(0.3, abs=0.05)
    assert run.beside[4] == pytest.approx(falling(2.3, 0.3, 6)(0.5), abs=0.05)


def test_without_either_loss_there_is_nothing_to_see():
    assert evaluations(series([1.0, 0.9])) is None
    assert evaluations(series([1.0, 0.9], "valid.loss")) is None


@pytest.mark.parametrize("speed", [2, 8, 20])
def test_the_origin_of_means_over_epochs_is_followed_back(speed):
    def mean(at):  # over an epoch of a twentieth of the run
        return 2.3 * (math.exp(-speed * (at - 0.025)) - math.exp(-speed * (at + 0.025))) / (speed * 0.05)

    run = evaluations(by_epoch(mean, falling(2.3, 0.0, speed)))
    assert not run.by_step
    assert run.origin == pytest.approx(2.3, rel=0.1)


def test_the_origin_of_a_log_that_begins_late_is_not_below_it():
    rows = [(step, {"train.loss": 2.0 * 0.9 ** (step / 10)}) for step in range(10, 400, 10)]
    rows += [(step, {"valid.loss": 1.0}) for step in (100, 200, 300)]
    assert evaluations(History.of(sorted(rows, key=lambda row: row[0]))).origin >= 2.0


def test_the_origin_of_a_log_that_begins_after_the_steepest_part_is_unknown():
    rows = [(step, {"train.loss": 2.0 * 0.5 ** (step / 10)}) for step in range(10, 400, 10)]
    rows += [(step, {"valid.loss": 1.0}) for step in (100, 200, 300)]
    assert evaluations(History.of(sorted(rows, key=lambda row: row[0]))).origin == math.inf


def test_a_run_is_judged_by_its_validation_loss_or_else_by_a_score_turned_round():
    both = History.of([(1, {"valid.accuracy": 0.5, "valid.loss": 2.0})])
    assert judged(both)[0] == "valid.loss"
    name, steps, values = judged(History.of([(7, {"valid.rmse": 3.0})]))
    assert (name, steps.tolist(), values.tolist()) == ("valid.rmse", [7], [3.0])
    assert len(judged(series([1.0]))[2]) == 0


def test_scores_are_curves_of_the_split_whose_names_tell_what_is_better():
    row = {"valid.loss": 1.0, "valid.accuracy": 0.5, "valid.thing": 2.0, "train.accuracy": 0.4, "gradient/valid": 1.0}
    assert scores(History.of([(1, row)])) == ("valid.accuracy",)
    assert scores(History.of([(1, row)]), "train") == ("train.accuracy",)


def test_the_sampling_error_is_that_of_a_share_of_rows():
    draw = np.random.default_rng(0)
    shares = draw.binomial(200, 0.8, size=500) / 200
    assert sampling_error(shares) == pytest.approx(shares.std(), rel=0.15)
    assert sampling_error(np.array([0.5, 0.5])) == sampling_error(np.array([3.0, 4.0])) == 0.0


def test_the_error_of_a_mean_falls_with_the_root_of_its_number():
    values = np.random.default_rng(0).normal(size=400)
    assert mean_error(values, 4) == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize(("power", "same"), [(1.0, True), (0.3, False), (2.0, False), (-0.5, False)])
def test_a_multiple_falls_by_the_same_factors(power, same):
    train = falling(2.3, 0.1, 6)
    run = evaluations(recorded(train, valid=lambda at: 40 * train(at) ** power, evaluations=20))
    assert in_other_units(run) is same


def test_of_a_loss_that_stays_nobody_can_say_whether_it_is_a_multiple():
    assert not in_other_units(evaluations(recorded(lambda _: 1.0, valid=lambda _: 40.0)))
