import numpy as np
import pytest
from scipy import optimize, stats

from kilter.tasks.constants import best_focal, best_huber, entropy

SHARES = np.array([0.7, 0.2, 0.1])


def test_entropy_is_that_of_scipy_row_by_row():
    rows = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])

    assert entropy(rows) == pytest.approx(stats.entropy(rows, axis=1))


@pytest.mark.parametrize("focus", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_no_constant_probabilities_have_a_lower_focal_loss(focus):
    def loss(logits):
        p = np.exp(logits - logits.max())
        p /= p.sum()
        return (SHARES * (1 - p) ** focus * -np.log(p)).sum()

    searched = min(
        optimize.minimize(loss, start, method="Nelder-Mead", tol=1e-12).fun for start in (np.zeros(3), [2, 1, 0])
    )

    assert best_focal(SHARES, focus) == pytest.approx(searched, abs=1e-8)


def test_without_a_focus_the_best_is_the_entropy_and_one_class_costs_nothing():
    assert best_focal(SHARES, 0.0) == pytest.approx(entropy(SHARES))
    assert best_focal(np.array([0.0, 1.0]), 2.0) == 0.0


@pytest.mark.parametrize("delta", [0.1, 1.0, 10.0])
def test_no_constant_has_a_lower_huber_loss(delta):
    errors = np.random.default_rng(0).standard_t(2, 51)

    def loss(constant):
        size = np.abs(errors - constant)
        return np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).mean()

    searched = min(loss(constant) for constant in np.linspace(-2, 2, 40_001))
    assert best_huber(errors, delta) == pytest.approx(searched, abs=1e-6)
