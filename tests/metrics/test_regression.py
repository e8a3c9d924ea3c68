import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from kilter.metrics.regression import regression_scores

REFERENCES = {
    "mae": reference.mean_absolute_error,
    "mse": reference.mean_squared_error,
    "rmse": reference.root_mean_squared_error,
    "r2": reference.r2_score,
    "mape": reference.mean_absolute_percentage_error,
}


@pytest.fixture
def amounts():
    generator = np.random.default_rng(0)
    target = generator.normal(10, 2, size=300)
    return target, target + generator.normal(size=300)


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e12])
@pytest.mark.parametrize("shift", [0.0, 1e5])
def test_values_are_scikit_learns(amounts, scale, shift):
    target, predicted = ((each + shift) * scale for each in amounts)
    scores = regression_scores(target, predicted, resamples=20)
    assert set(scores) == set(REFERENCES)
    for name, function in REFERENCES.items():
        assert scores[name].value == pytest.approx(function(target, predicted), rel=1e-9), name
        assert scores[name].n == 300


def deviation_of(name, true, given):
    """The standard deviation of a score, by the influence of each example."""
    error, center = given - true, true - true.mean()
    influence = {
        "mae": lambda: np.abs(error) - np.abs(error).mean(),
        "mse": lambda: error**2 - (error**2).mean(),
        "rmse": lambda: (error**2 - (error**2).mean()) / (2 * np.sqrt((error**2).mean())),
        "r2": lambda: (error**2 - (error**2).mean() / (center**2).mean() * center**2) / (center**2).mean(),
        "mape": lambda: np.abs(error / true) - np.abs(error / true).mean(),
    }[name]()
    return np.sqrt((influence**2).sum()) / len(true)


def naive_interval(name, true, given, *, resamples, confidence=0.95, seed=5):
    """The bootstrap-t on the scale of the logarithm, one resample after the other; R² by way of 1 - R²."""
    lacking = name == "r2"

    def logged(true, given):
        value = REFERENCES[name](true, given)
        value = 1 - value if lacking else value
        return np.log(value), deviation_of(name, true, given) / value

    value, deviation = logged(true, given)
    generator = np.random.default_rng(seed)
    off = []
    for _ in range(resamples):
        rows = generator.integers(0, len(true), len(true))
        if np.ptp(true[rows]) > 0:
            drawn, own = logged(true[rows], given[rows])
            off.append((drawn - value) / own)
    few, many = np.quantile(off, [(1 - confidence) / 2, (1 + confidence) / 2])
    low, high = np.exp([value - many * deviation, value - few * deviation])
    return (1 - high, 1 - low) if lacking else (low, high)


def test_intervals_match_the_naive_bootstrap(amounts):
    scores = regression_scores(*amounts, resamples=6_000)
    for name in REFERENCES:
        low, high = naive_interval(name, *amounts, resamples=1_500)
        assert scores[name].low == pytest.approx(low, abs=0.1 * (high - low)), name
        assert scores[name].high == pytest.approx(high, abs=0.1 * (high - low)), name
        assert scores[name].method == "bootstrap-t"


def test_r2_compares_each_resample_with_its_own_mean():
    rows = np.array([[0.0, 1.0], [2.0, 2.5], [5.0, 3.0], [9.0, 8.0], [9.5, 9.0], [4.0, 6.0], [1.0, -1.0], [7.0, 7.5]])
    low, high = naive_interval("r2", *rows.T, resamples=6_000, confidence=0.8)
    quick = regression_scores(*rows.T, confidence=0.8, resamples=20_000)["r2"]
    assert quick.low == pytest.approx(low, abs=0.05 * (high - low))
    assert quick.high == pytest.approx(high, abs=0.05 * (high - low))


def test_intervals_of_many_examples_match_the_naive_bootstrap():
    generator = np.random.default_rng(1)
    target = generator.lognormal(0, 1, size=12_000)
    predicted = target * generator.lognormal(0, 0.3, size=12_000)
    low, high = naive_interval("r2", target, predicted, resamples=800)
    quick = regression_scores(target, predicted, resamples=4_000)["r2"]
    assert quick.low == pytest.approx(low, abs=0.15 * (high - low))
    assert quick.high == pytest.approx(high, abs=0.15 * (high - low))


def test_heavy_tails_are_marked():
    generator = np.random.default_rng(3)
    target = generator.normal(size=200)
    normal = regression_scores(target, target + generator.normal(size=200), resamples=20)
    heavy = regression_scores(target, target + generator.standard_cauchy(size=200), resamples=20)
    assert {score.strained for score in normal.values()} == {""}
    assert {score.strained for score in heavy.values()} == {"heavy tails"}


def test_what_has_no_value_says_why():
    scores = regression_scores([0.0, 0.0, 2.0], [1.0, 0.0, 2.0])
    assert scores["mape"].undefined == "2 of 3 targets are 0, where a relative error has no value"
    assert scores["r2"].value is not None
    scores = regression_scores([3.0, 3.0], [3.0, 4.0])
    assert scores["r2"].undefined == "all 2 targets are equal, there is no variation to explain"
    assert scores["mape"].value == pytest.approx(1 / 6)
    assert {score.undefined for score in regression_scores([], []).values()} == {"no examples"}
    alone = regression_scores([2.0], [1.0])
    assert (alone["mae"].value, alone["mae"].low) == (1.0, None)


def test_what_overflows_says_so_and_spares_the_others():
    scores = regression_scores([1e200, -1e200, 0.5e200], [1e200, 1e200, 0.0])
    assert scores["mse"].undefined == "the value exceeds the range of a double"
    assert scores["mae"].value == pytest.approx(2.5e200 / 3)
    assert scores["rmse"].value == pytest.approx(np.sqrt(4.25 / 3) * 1e200)
    widest = regression_scores([1.7e308, -1.7e308], [1.7e308, -1.7e308])
    assert (widest["mae"].value, widest["r2"].value) == (0.0, 1.0)
    tiny = regression_scores([5e-324, 1.0], [1e10, 1.0])
    assert tiny["mape"].undefined == "a target is so near to 0 that its relative error exceeds the range of a double"


@pytest.mark.parametrize(
    ("target", "predicted", "met"),
    [
        (np.zeros((3, 1)), np.zeros(3), r"target has shape \(3, 1\)"),
        (np.zeros(3), np.zeros((3, 1)), r"predicted has shape \(3, 1\)"),
        ([1.0, 2.0], [1.0], "target 2, predicted 1"),
        ([1.0, np.nan], [1.0, 2.0], "target holds 1 values that are not-a-number"),
        ([1.0, 2.0], [np.inf, np.nan], "predicted holds 2 values"),
        (["a"], [1.0], "real numbers are legal"),
    ],
)
def test_bad_amounts_are_refused(target, predicted, met):
    with pytest.raises(ValueError, match=met):
        regression_scores(target, predicted)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=25),
    st.randoms(),
)
def test_order_changes_nothing_and_values_are_inside(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    first, second = (regression_scores(*np.array(each).T, resamples=30) for each in (rows, mixed))
    for name, score in first.items():
        assert score.undefined == second[name].undefined
        if score.low is not None:
            assert score.low <= score.value <= score.high
            assert name == "r2" or score.low >= 0
        if name != "r2" and score.value is not None:  # the quotient of two nearly equal sums shows every rounding
            assert score.value == pytest.approx(second[name].value)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 1.0, -2.5, 1e3, 1e-3, 7.25]), st.floats(-1e3, 1e3)), max_size=20),
)
def test_values_of_any_amounts_are_scikit_learns_or_have_a_reason(rows):
    target, predicted = (np.array([row[side] for row in rows]) for side in (0, 1))
    for name, score in regression_scores(target, predicted, resamples=5).items():
        lacking = {"r2": len(set(target.tolist())) < 2, "mape": (target == 0).any()}.get(name, False)
        assert (score.undefined is not None) == (not rows or lacking), name
        if score.value is not None:
            assert score.value == pytest.approx(REFERENCES[name](target, predicted), rel=1e-9, abs=1e-9), name


def test_intervals_keep_their_confidence():
    generator = np.random.default_rng(2)
    held = {"mae": 0, "r2": 0}
    for repeat in range(200):
        target = generator.normal(size=60)
        scores = regression_scores(target, target + generator.normal(0, 0.5, size=60), resamples=300, seed=repeat)
        held["mae"] += scores["mae"].low <= 0.5 * np.sqrt(2 / np.pi) <= scores["mae"].high
        held["r2"] += scores["r2"].low <= 0.75 <= scores["r2"].high
    assert 0.89 <= held["mae"] / 200 <= 0.99
    assert 0.87 <= held["r2"] / 200 <= 0.99
