import numpy as np
import pytest

from kilter.models.estimators import NEIGHBOURS, Problem, Rows, fit_linear, fit_nearest, fit_small_mlp


def rows(given, targets):
    return Rows(given=np.asarray(given, float)[:, None], targets=np.asarray(targets), weights=np.ones(len(targets)))


def test_the_number_of_neighbours_is_chosen_on_the_validation_rows():
    x = np.arange(100.0)
    noisy = np.where(np.arange(100) % 5 == 0, 1 - (x > 50), x > 50).astype(int)
    clean = rows(x + 0.1, (x > 50).astype(int))
    smooth = fit_nearest(Problem(train=rows(x, noisy), held=clean, classes=True, seed=0))
    assert smooth.model.n_neighbors > 1
    rough = fit_nearest(
        Problem(train=rows(x, np.arange(100) % 2), held=rows(x, np.arange(100) % 2), classes=True, seed=0)
    )
    assert rough.model.n_neighbors == 1
    assert fit_nearest(Problem(train=clean, held=None, classes=True, seed=0)).model.n_neighbors == NEIGHBOURS[1]


def test_fewer_rows_than_neighbours():
    few = rows([0.0, 1.0], [0, 1])
    model = fit_nearest(Problem(train=few, held=few, classes=True, seed=0))
    np.testing.assert_array_equal(model.predict_proba(few.given).argmax(1), [0, 1])


def test_a_linear_model_is_regularised_as_the_validation_rows_like_it():
    x = np.linspace(-1, 1, 40)
    train = rows(x, (x > 0).astype(int))
    free = fit_linear(Problem(train=train, held=rows([-0.01, 0.01, 0.02], [0, 0, 1]), classes=True, seed=0))
    assert free.C in {1.0, 10.0, 100.0}
    assert fit_linear(Problem(train=train, held=None, classes=True, seed=0)).C == 10.0


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_amounts_of_any_size_suit_a_network(offset):
    x = np.linspace(-1, 1, 400)
    train = rows(x, offset + 1000 * x)
    error = fit_small_mlp(Problem(train=train, held=None, classes=False, seed=0)).predict(train.given) - train.targets
    assert np.abs(error).mean() < 200


def test_classes_of_few_rows_are_not_put_aside():
    few = rows([0.0, 1.0, 2.0], [0, 0, 1])
    assert Problem(train=few, held=None, classes=True, seed=0).rare
    fit_small_mlp(Problem(train=few, held=None, classes=True, seed=0))
