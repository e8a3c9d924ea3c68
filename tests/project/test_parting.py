import numpy as np
import pytest

from kilter.project.parting import part, worth_comparing
from kilter.values.history import Curve

NAMES = ("a", "b")


def curve(values, name="valid.loss", every=1):
    values = np.asarray(values, np.float64)
    return Curve(name=name, steps=np.arange(1, len(values) + 1) * every, values=values)


def noisy(seed, count=400, level=0.0, wander=0.0, noise=0.1):
    draw = np.random.default_rng(seed)
    slow = np.cumsum(draw.standard_normal(count)) * wander
    return 1 + 2 / (1 + np.arange(count) / 50) + level + slow + noise * draw.standard_normal(count)


@pytest.mark.parametrize("seed", range(20))
def test_two_seeds_of_one_training_are_not_told_apart(seed):
    assert part(curve(noisy(seed)), curve(noisy(seed + 1000)), NAMES).step is None


@pytest.mark.parametrize("seed", range(10))
def test_a_slow_wander_is_no_difference(seed):
    left, right = noisy(seed, wander=0.02, noise=0.001), noisy(seed + 1000, wander=0.02, noise=0.001)
    found = part(curve(left), curve(right), NAMES)

    assert found.step is None or abs(found.difference) > 0.1


def test_the_place_where_they_part_and_who_is_better():
    left, right = noisy(0), noisy(1)
    right[200:] -= 0.3
    found = part(curve(left), curve(right), NAMES)

    assert 190 <= found.step <= 225
    assert found.better == "b"
    assert found.difference == pytest.approx(0.3, abs=0.1)
    assert found.until == 400


def test_of_an_accuracy_the_higher_one_is_better_and_of_a_norm_none():
    high, low = noisy(0, level=0.5), noisy(1)

    assert part(curve(high, "valid.accuracy"), curve(low, "valid.accuracy"), NAMES).better == "a"
    assert part(curve(high), curve(low), NAMES).better == "b"
    assert part(curve(high, "train.gradient_norm"), curve(low, "train.gradient_norm"), NAMES).better == ""


def test_where_they_cross_the_last_stretch_counts():
    left, right = noisy(0), noisy(1)
    right[:100] += 1
    right[300:] -= 1
    found = part(curve(left), curve(right), NAMES)

    assert 290 <= found.step <= 325
    assert found.better == "b"


def test_they_may_part_for_a_while_and_meet_again():
    left, right = noisy(0), noisy(1)
    right[100:200] += 1

    assert part(curve(left), curve(right), NAMES).step is None


def test_logs_of_different_intervals_are_laid_over_each_other():
    left, right = noisy(0, 1000, noise=0.01), noisy(0, 1000, level=-0.5, noise=0.01)[::50]
    found = part(curve(left), curve(right, every=50), NAMES)

    assert found.step is not None
    assert found.better == "b"


def test_rates_without_noise_part_where_they_do():
    left, right = np.full(100, 0.1), np.full(100, 0.1)
    right[50:] = 0.01
    found = part(curve(left, "train.learning_rate"), curve(right, "train.learning_rate"), NAMES)

    assert 50 <= found.step <= 53


def test_a_handful_of_evaluations_that_are_clearly_apart():
    left, right = curve([2, 1.5, 1.2, 1.1, 1.05, 1.0]), curve([3, 2.8, 2.7, 2.6, 2.55, 2.5])

    assert part(left, right, NAMES).better == "a"


def test_what_is_not_a_number_is_no_point():
    left, right = noisy(0), noisy(1)
    left[::7] = np.nan

    assert part(curve(left), curve(right), NAMES).step is None


def test_a_run_that_is_no_number_from_somewhere_on_is_compared_up_to_there():
    left, right = noisy(0), noisy(1)
    left[150:] = np.inf
    found = part(curve(left), curve(right), NAMES)

    assert (found.step, found.until) == (None, 150)


@pytest.mark.parametrize(("left", "right"), [(range(4), range(9)), ([np.nan] * 9, range(9))])
def test_too_few_points_are_not_compared(left, right):
    assert part(curve(left), curve(right), NAMES) is None


def test_steps_that_do_not_overlap_are_not_compared():
    late = Curve(name="valid.loss", steps=np.arange(500, 520), values=np.ones(20))

    assert part(curve(range(20)), late, NAMES) is None


@pytest.mark.parametrize(
    ("name", "worth"),
    [("train.loss", True), ("valid.f1", True), ("train.batch", False), ("clock.seconds", False), ("lr/pg1", False)],
)
def test_what_runs_are_compared_by(name, worth):
    assert worth_comparing(name) is worth
