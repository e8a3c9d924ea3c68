import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss

from kilter.metrics.intervals import wilson
from kilter.metrics.quantiles import quantile_scores

LEVELS = (0.05, 0.3, 0.5, 0.95)
rows = st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 5), min_size=1, max_size=20)


@settings(deadline=None, max_examples=50)
@given(rows)
def test_losses_are_scikit_learns(rows):
    target, *quantiles = np.array(rows).T
    scores = quantile_scores(target, np.array(quantiles).T, LEVELS, resamples=5)
    each = [mean_pinball_loss(target, at, alpha=level) for at, level in zip(quantiles, LEVELS, strict=True)]

    for level, loss in zip(LEVELS, each, strict=True):
        assert scores[f"pinball_{level:g}"].value == pytest.approx(loss, abs=1e-9)
    assert scores["pinball"].value == pytest.approx(np.mean(each), abs=1e-9)
    inside = np.mean((quantiles[0] <= target) & (target <= quantiles[3]))
    assert scores["within_90"].value == pytest.approx(inside)
    assert set(scores) == {"pinball", *(f"pinball_{level:g}" for level in LEVELS), "within_90", "width_90", "crossed"}


def test_bounds_count_as_within_and_the_share_has_wilsons_interval():
    scores = quantile_scores([0.0, 1.0, 2.0, 3.0], [[0.0, 2.0]] * 4, (0.1, 0.9))
    share = scores["within_80"]
    expected = wilson(3, 4)

    assert (share.value, share.low, share.high) == (0.75, expected.low, expected.high)
    assert scores["width_80"].value == 2.0
    assert scores["crossed"].value == 0.0


def test_quantiles_that_do_not_rise_are_counted():
    assert quantile_scores([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], (0.1, 0.9))["crossed"].value == 0.5


def test_one_level_has_one_loss_and_nothing_to_lie_between():
    assert set(quantile_scores([1.0], [[2.0]], (0.5,))) == {"pinball"}
    empty = quantile_scores([], np.zeros((0, 2)), (0.1, 0.9))
    assert {score.undefined for score in empty.values()} == {"no examples"}


@pytest.mark.parametrize(
    ("target", "predicted", "levels", "met"),
    [
        ([1.0], [[1.0, 2.0]], (0.9, 0.1), "rising ones between 0 and 1"),
        ([1.0], [[1.0, 2.0]], (0.0, 0.9), "rising ones between 0 and 1"),
        ([1.0], [[1.0]], (), "rising ones between 0 and 1"),
        ([1.0, 2.0], [1.0, 2.0], (0.5,), r"shape \(2,\)"),
        ([[1.0]], [[1.0]], (0.5,), r"target has shape \(1, 1\)"),
        ([1.0], [[np.nan]], (0.5,), "predicted holds 1 values that are not-a-number"),
    ],
)
def test_bad_quantiles_are_refused(target, predicted, levels, met):
    with pytest.raises(ValueError, match=met):
        quantile_scores(target, predicted, levels)
