"""The cheap learners against scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from kilter.checks.program.batches.references import (
    NEIGHBOURS,
    RIDGE,
    crossed,
    curved,
    distances,
    least_squares,
    neighbours,
    one_hot,
    scaled,
    skill,
    transferred,
)


@pytest.fixture(name="rows")
def fixture_rows():
    random = np.random.default_rng(0)
    rows = random.standard_normal((120, 4))
    targets = np.stack([rows[:, 0] + rows[:, 1] ** 2, rows @ [1.0, 2, 0, -1]], 1)
    return rows[:80], targets[:80], rows[80:], targets[80:]


def test_least_squares_is_ridge_regression(rows):
    x, y, asked, _ = rows
    left, right = scaled(x, asked)
    twin = Ridge(alpha=RIDGE * len(left)).fit(left, y).predict(right)
    assert np.allclose(least_squares(left, y, right), twin)


def test_curved_is_ridge_regression_on_products(rows):
    x, y, asked, _ = rows
    wide = PolynomialFeatures(2, include_bias=False).fit(x)
    scale = StandardScaler().fit(wide.transform(x))
    left, right = (np.clip(scale.transform(wide.transform(part)), -10, 10) for part in (x, asked))
    twin = Ridge(alpha=RIDGE * len(left)).fit(left, y).predict(right)
    assert np.allclose(curved(x, y, asked), twin)


def test_neighbours_are_scikit_learns(rows):
    x, y, asked, _ = rows
    assert np.allclose(neighbours(x, y, asked), KNeighborsRegressor(NEIGHBOURS).fit(x, y).predict(asked))


def test_distances_are_squared_ones(rows):
    x, _, asked, _ = rows
    assert np.allclose(distances(asked, x), ((asked[:, None] - x[None]) ** 2).sum(-1), atol=1e-4)


def test_skill_goes_from_a_constant_answer_to_perfection(rows):
    labels = np.array([0, 0, 0, 1, 1, 2])
    truth = one_hot(labels, 3)
    assert skill(truth, truth, classes=True) == 1
    assert skill(one_hot(np.zeros(6, dtype=np.int64), 3), truth, classes=True) == 0
    said = np.array([0, 0, 0, 1, 0, 0])
    expected = (accuracy_score(labels, said) - 0.5) / 0.5
    assert skill(one_hot(said, 3), truth, classes=True) == pytest.approx(expected)
    _, y, _, _ = rows
    noisy = y + 0.3
    assert skill(noisy, y, classes=False) == pytest.approx(np.mean(r2_score(y, noisy, multioutput="raw_values")))


def test_crossed_and_transferred_see_a_relation_and_none(rows):
    x, y, asked, truth = rows
    assert crossed(x, y[:, 1:], classes=False) > 0.95
    assert crossed(x, np.random.default_rng(1).permutation(y[:, 1:]), classes=False) < 0.2
    assert transferred(x, y, asked, truth, classes=False, learners=(curved,)) > 0.95


def test_scaled_leaves_constant_columns_out():
    rows = np.array([[1.0, 5.0], [3.0, 5.0]])
    left, right = scaled(rows, np.array([[2.0, 7.0]]))
    assert left.tolist() == [[-1.0], [1.0]]
    assert right.tolist() == [[0.0]]
