import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from kilter.metrics import inputs, temperature
from kilter.metrics.temperature import cool, fit_temperature


def drawn(rows, classes, sharpness, seed):
    """Logits that are `sharpness` times too sure, and classes drawn from the true ones."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(rows, classes))
    truth = np.array([draw.choice(classes, p=row) for row in softmax(logits, axis=1)])
    return truth, softmax(sharpness * logits, axis=1)


def naive(truth, table):
    """The minimum of scikit-learn's log-loss over the temperature, by Brent's method."""

    def loss(log_temperature):
        cooled = softmax(np.log(table) / np.exp(log_temperature), axis=1)
        return log_loss(truth, cooled, labels=list(range(table.shape[1])))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-10}).x))


@settings(deadline=None, max_examples=25)
@given(st.integers(100, 300), st.integers(2, 6), st.floats(0.5, 4), st.integers(0, 10**6))
def test_it_is_where_the_log_loss_is_smallest(rows, classes, sharpness, seed):
    truth, table = drawn(rows, classes, sharpness, seed)
    assert fit_temperature(truth, table) == pytest.approx(naive(truth, table), rel=1e-4)


def test_what_was_made_too_sure_is_made_as_sure_as_it_was():
    truth, table = drawn(2_000, 4, 2.5, 0)
    found = fit_temperature(truth, table)
    assert found == pytest.approx(2.5, rel=0.1)
    best, *others = (log_loss(truth, cool(table, found * factor)) for factor in (1, 0.999, 1.001))
    assert best < min(others)


def test_many_examples_are_begun_from_a_few_and_end_the_same(monkeypatch):
    truth, table = drawn(3_000, 3, 3.0, 1)
    whole = fit_temperature(truth, table)
    monkeypatch.setattr(temperature, "SAMPLE", 200)
    monkeypatch.setattr(inputs, "CELLS_AT_ONCE", 2_100)
    assert fit_temperature(truth, table) == pytest.approx(whole, rel=1e-9)


def test_halving_finds_it_where_newtons_steps_may_not_be_taken(monkeypatch):
    truth, table = drawn(500, 3, 3.0, 2)
    whole = fit_temperature(truth, table)
    monkeypatch.setattr(temperature, "NEWTON", 0)
    assert fit_temperature(truth, table) == pytest.approx(whole, rel=1e-8)


@pytest.mark.parametrize(
    ("truth", "table"),
    [
        ([0, 0, 1], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]),  # all right: the surer the better
        ([0, 1], [[1.0, 0.0], [0.0, 1.0]]),
        ([1, 0, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]),  # all wrong: the less sure the better
        ([0, 1, 0, 1], [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]]),  # of no use
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]]),
        ([], np.zeros((0, 2))),
    ],
)
def test_where_none_is_best_there_is_none(truth, table):
    assert fit_temperature(truth, table) is None


def test_a_probability_of_zero_for_the_truth_costs_708_nats():
    truth = [0] * 900 + [1] * 100
    table = np.array([[0.99, 0.01]] * 999 + [[1.0, 0.0]])
    floored = np.array([[0.99, 0.01]] * 999 + [[1.0, np.finfo(float).tiny]])
    assert fit_temperature(truth, table) == fit_temperature(truth, floored)
    assert 1 < fit_temperature(truth, table) < 50


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 50), st.floats(0.05, 20), st.integers(0, 10**6))
def test_cooled_probabilities_are_those_of_divided_logits(rows, warmth, seed):
    logits = np.random.default_rng(seed).normal(size=(rows, 4))
    cooled = cool(softmax(logits, axis=1), warmth)
    np.testing.assert_allclose(cooled, np.exp(log_softmax(logits / warmth, axis=1)), atol=1e-9)
    assert (cooled.argmax(axis=1) == logits.argmax(axis=1)).all()


def test_a_temperature_of_one_leaves_probabilities():
    table = np.array([[0.25, 0.75], [1.0, 0.0]])
    np.testing.assert_allclose(cool(table, 1.0), table, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cool([[0.5, 0.5]], 0.0), "above 0 is legal"),
        (lambda: cool([[0.5, 0.5]], float("inf")), "above 0 is legal"),
        (lambda: cool([0.5, 0.5], 1.0), r"\(n, classes\) is legal"),
        (lambda: cool([[0.5, 0.6]], 1.0), "sum is"),
        (lambda: fit_temperature([0], [0.5]), r"\(n, classes\) is legal"),
        (lambda: fit_temperature([2], [[0.5, 0.5]]), "0 to 1 are legal"),
    ],
)
def test_what_is_none_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
