from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from kilter.metrics import calibration, inputs
from kilter.metrics.calibration import brier, calibration_error, edges_of, errors_against_chance, reliability
from kilter.metrics.intervals import wilson

decisions = st.lists(
    st.tuples(st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1)), st.booleans()), min_size=1, max_size=60
)


def naive_error(sure, right, edges):
    """By its definition: bin after bin, with a loop over examples."""
    total = 0.0
    for at, (low, high) in enumerate(pairwise(edges)):
        last = at == len(edges) - 2
        inside = [i for i, p in enumerate(sure) if low <= p < high or (last and p == high)]
        if inside:
            share = sum(right[i] for i in inside) / len(inside)
            total += len(inside) / len(sure) * abs(share - sum(sure[i] for i in inside) / len(inside))
    return total


@settings(deadline=None, max_examples=80)
@given(decisions, st.integers(1, 20), st.sampled_from(["width", "mass"]))
@example([(0.0, False), (1.0, True)], 10, "width")
@example([(0.7, True)] * 5, 10, "mass")
def test_the_error_is_that_of_a_loop(rows, bins, cut):
    sure, right = map(list, zip(*rows, strict=True))
    edges = edges_of(sure, bins=bins, cut=cut)
    error = calibration_error(sure, right, edges)
    assert error == pytest.approx(naive_error(sure, right, edges.tolist()), abs=1e-9)
    groups = reliability(sure, right, edges)
    assert sum(group.right.n for group in groups) == len(rows)  # 0 and 1 are in a bin, too
    gaps = [g.right.n * abs(g.right.value - g.confidence.value) for g in groups if g.right.n]
    assert error == pytest.approx(sum(gaps) / len(rows), abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 200), st.integers(2, 15))
def test_bins_of_equal_width_are_scikit_learns(seed, rows, bins):
    draw = np.random.default_rng(seed)
    sure = draw.random(rows)  # nobody lies on an edge, where scikit-learn counts to the bin below
    right = draw.random(rows) < sure
    shares, means = calibration_curve(right, sure, n_bins=bins)
    groups = [group for group in reliability(sure, right, edges_of(sure, bins=bins)) if group.right.n]
    np.testing.assert_allclose([group.right.value for group in groups], shares, atol=1e-9)
    np.testing.assert_allclose([group.confidence.value for group in groups], means, atol=1e-9)


def test_bins_of_equal_mass_are_scikit_learns_where_rows_divide_evenly():
    draw = np.random.default_rng(0)
    sure = draw.random(300)
    right = draw.random(300) < sure
    groups = reliability(sure, right, edges_of(sure, bins=10, cut="mass"))
    assert [group.right.n for group in groups] == [30] * 10
    shares, means = calibration_curve(right, sure, n_bins=10, strategy="quantile")
    np.testing.assert_allclose([group.right.value for group in groups], shares, atol=1e-9)
    np.testing.assert_allclose([group.confidence.value for group in groups], means, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(decisions, st.integers(1, 20))
def test_bins_of_equal_mass_never_part_equal_confidences(rows, bins):
    sure = np.array([row[0] for row in rows])
    edges = edges_of(sure, bins=bins, cut="mass")
    assert (edges[0], edges[-1]) == (sure.min(), sure.max())
    assert len(edges) - 1 <= min(bins, len(np.unique(sure)))
    assert (np.diff(edges[:-1]) > 0).all()


def test_confidences_of_zero_and_one_are_in_their_bins():
    first, *_, last = reliability([0.0, 1.0, 1.0], [False, True, True], edges_of([0.0], bins=10))
    assert (first.right.n, first.right.value, last.right.n, last.right.value) == (1, 0.0, 2, 1.0)
    bounds = wilson(2, 2)
    assert (last.right.low, last.right.high) == (bounds.low, bounds.high)


def test_a_confidence_on_an_edge_is_in_the_bin_above():
    groups = reliability([0.3, 0.7], [True, True], edges_of([0.3], bins=10))
    assert [at for at, group in enumerate(groups) if group.right.n] == [3, 7]


def test_an_empty_bin_says_so():
    group = reliability([0.9], [True], [0.0, 0.5, 1.0])[0]
    assert group.confidence.undefined == group.right.undefined == "no example has such a confidence"


def sure_of(rows, seed):
    return np.random.default_rng(seed).uniform(0.4, 1, rows)


def test_what_holds_its_word_lies_in_the_band_and_its_p_values_are_even():
    inside, p_values = 0, []
    for seed in range(200):
        sure = sure_of(300, seed)
        right = np.random.default_rng(seed + 10_000).random(300) < sure
        (error,) = errors_against_chance(sure, right, cuts=("width",), draws=200, seed=seed)
        inside += error.low <= error.value <= error.high
        p_values.append(error.p_value)
    assert 180 <= inside <= 199  # 95 %, three standard errors either way
    assert 0.4 < np.mean(p_values) < 0.6
    assert 2 <= sum(p <= 0.05 for p in p_values) <= 20


def test_what_is_too_sure_lies_outside():
    sure = sure_of(2_000, 0)
    right = np.random.default_rng(1).random(2_000) < sure - 0.1
    for error in errors_against_chance(sure, right):
        assert error.value > error.high
        assert error.p_value == pytest.approx(1 / 1_001)


def test_the_band_is_that_of_drawing_each_decision():
    sure = sure_of(400, 3)
    right = np.random.default_rng(4).random(400) < sure
    edges = [edges_of(sure, cut=cut) for cut in ("width", "mass")]
    generator = np.random.default_rng(5)
    null = np.array(
        [[calibration_error(sure, drawn, each) for each in edges] for drawn in generator.random((2_000, 400)) < sure]
    )
    for error, own in zip(errors_against_chance(sure, right), null.T, strict=True):
        np.testing.assert_allclose([error.low, error.high], np.quantile(own, [0.025, 0.975]), rtol=0.12)


def test_cells_of_neighbours_have_the_same_band(monkeypatch):
    sure = sure_of(6_000, 7)
    right = np.random.default_rng(8).random(6_000) < sure
    together = errors_against_chance(sure, right)
    monkeypatch.setattr(calibration, "CELLS", 10_000)
    for grouped, exact in zip(together, errors_against_chance(sure, right), strict=True):
        assert grouped.value == exact.value
        np.testing.assert_allclose(
            [grouped.low, grouped.high], [exact.low, exact.high], rtol=0.12
        )  # quantiles of 1,000 draws


def test_confidences_of_zero_and_one_cannot_be_drawn_otherwise():
    (kept, broken) = (
        errors_against_chance([0.0, 1.0, 1.0], [False, True, last], cuts=("width",))[0] for last in (True, False)
    )
    assert (kept.value, kept.high, kept.p_value) == (0.0, 0.0, 1.0)
    assert broken.value == pytest.approx(1 / 3)
    assert broken.p_value == pytest.approx(1 / 1_001)


tables = st.integers(2, 5).flatmap(
    lambda classes: st.tuples(
        st.lists(st.integers(0, classes - 1), min_size=1, max_size=40), st.just(classes), st.integers(0, 1_000)
    )
)


@settings(deadline=None, max_examples=60)
@given(tables)
def test_briers_score_is_scikit_learns(drawn):
    target, classes, seed = drawn
    table = np.random.default_rng(seed).dirichlet(np.ones(classes), len(target))
    measure = brier(target, table)
    reference = brier_score_loss(target, table, labels=list(range(classes)))
    assert measure.value == pytest.approx(reference, abs=1e-9)


def test_briers_score_is_the_same_in_parts(monkeypatch):
    draw = np.random.default_rng(0)
    target, table = draw.integers(0, 3, 100), draw.dirichlet(np.ones(3), 100)
    whole = brier(target, table)
    monkeypatch.setattr(inputs, "CELLS_AT_ONCE", 21)
    assert brier(target, table).value == pytest.approx(whole.value, abs=1e-12)
    assert brier([], np.zeros((0, 2))).undefined == "no examples"


def test_the_interval_of_briers_score_stays_within_its_range():
    table = [[1.0, 0.0], [0.99, 0.01], [0.98, 0.02], [0.6, 0.4]]
    assert brier([1, 1, 1, 1], table).high <= 1
    assert brier([1, 1, 1, 1], np.column_stack([table, np.zeros(4)])).high <= 2


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: edges_of([0.5], bins=0), "1 or more is legal"),
        (lambda: edges_of([], cut="mass"), "leave an empty split out"),
        (lambda: calibration_error([], [], [0.0, 1.0]), "one or more are legal"),
        (lambda: calibration_error([1.2], [True], [0.0, 1.0]), "0 to 1 is legal"),
        (lambda: calibration_error([float("nan")], [True], [0.0, 1.0]), "not-a-number"),
        (lambda: calibration_error([0.5, 0.5], [True], [0.0, 1.0]), "unequal numbers"),
        (lambda: calibration_error([[0.5]], [True], [0.0, 1.0]), r"shape \(n,\)"),
        (lambda: calibration_error([0.5], [1], [0.0, 1.0]), "booleans are legal"),
        (lambda: reliability([0.5], [True], [0.6, 1.0]), "leave out confidences"),
        (lambda: reliability([0.5], [True], [0.5]), "two or more that rise"),
        (lambda: errors_against_chance([0.5], [True], draws=0), "1 or more"),
        (lambda: brier([0, 1], [0.5, 0.5]), r"\(n, classes\) is legal"),
        (lambda: brier([0], [[0.5, 0.9]]), "sum is"),
    ],
)
def test_what_cannot_be_judged_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
