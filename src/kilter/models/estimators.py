"""Estimators of scikit-learn, fitted on a matrix of features: classes or amounts, weighted rows, settings chosen."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRENGTHS: Final = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths that a linear model is tried with; the best on the validation rows is kept."""

NEIGHBOURS: Final = (1, 5, 21)
"""Numbers of neighbours that are tried; the best on the validation rows is kept, the middle one without any."""

_FEW: Final = 10  # rows of a class below which no share of it can be put aside for early stopping


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What an estimator is fitted on, or chosen by.

    Attributes:
        given: (n, features), possibly sparse.
        targets: (n,) class indices or amounts.
        weights: (n,) what each row counts for.
    """

    given: Any
    targets: NDArray[np.generic]
    weights: NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All that an estimator is fitted by.

    Attributes:
        train: the rows to learn from, each with a weight above 0.
        held: validation rows, which may choose among settings; None where there are none.
        classes: whether targets are class indices; else they are amounts.
        seed: of what is drawn.
        codes: which columns are codes of categories; None where none is.
    """

    train: Rows
    held: Rows | None
    classes: bool
    seed: int
    codes: list[bool] | None = None

    @property
    def rare(self) -> bool:
        """Whether a class has too few rows for a share of it to be put aside."""
        if not self.classes:
            return len(self.train.targets) < _FEW
        return bool(np.unique(self.train.targets, return_counts=True)[1].min() < _FEW)

    def score(self, model: Any) -> float:
        """Accuracy or R² of a fitted model on the validation rows; 0 where there are none."""
        held = self.held
        return 0.0 if held is None else float(model.score(held.given, held.targets, sample_weight=held.weights))


Fit = Callable[[Problem], Any]
"""Makes a fitted model, with `predict` for amounts and with `classes_` and `predict_proba` for classes."""


def fit_linear(problem: Problem) -> Any:
    """Logistic or ridge regression; regularised ever less, while the validation rows gain by it."""
    best, kept, train = -np.inf, None, problem.train
    for strength in STRENGTHS if problem.held is not None else STRENGTHS[1:2]:
        logistic = LogisticRegression(C=strength, max_iter=100, tol=1e-3)
        model = logistic if problem.classes else Ridge(alpha=1.0 / strength)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits do not matter to a baseline
            model.fit(train.given, train.targets, sample_weight=train.weights)
        score = problem.score(model)
        if score <= best:
            break
        best, kept = score, model
    return kept


def fit_boosted(problem: Problem, *, amounts: str = "squared_error") -> Any:
    """Gradient-boosted trees on histograms, stopped early on a tenth of the training rows.

    Args:
        problem: what they are fitted by.
        amounts: the loss of amounts, as scikit-learn calls it.
    """
    train = problem.train
    kind = HistGradientBoostingClassifier if problem.classes else partial(HistGradientBoostingRegressor, loss=amounts)
    return kind(
        categorical_features=problem.codes,
        early_stopping=not problem.rare,
        max_iter=300 if not problem.rare else 100,
        random_state=problem.seed,
    ).fit(train.given, train.targets, sample_weight=train.weights)


def fit_nearest(problem: Problem) -> Any:
    """The nearest training rows, all counting alike: what a row weighs decides only how many of them are taken."""
    train = problem.train
    sizes = [size for size in NEIGHBOURS if size <= len(train.targets)]
    if problem.held is None:
        sizes = sizes[len(sizes) // 2 :][:1]
    kind = KNeighborsClassifier if problem.classes else KNeighborsRegressor
    models = [kind(n_neighbors=size).fit(train.given, train.targets) for size in sizes]
    best = max(models, key=problem.score)  # of equally good ones the one of fewest neighbours
    return Smoothed.of(best, train) if problem.classes else best


def fit_small_mlp(problem: Problem) -> Any:
    """One hidden layer of 64 rectified units, stopped early on a tenth of the training rows."""
    train, aside = problem.train, not problem.rare
    settings: dict[str, Any] = {
        "hidden_layer_sizes": (64,),
        "early_stopping": aside,
        "n_iter_no_change": 8,
        "batch_size": min(64, len(train.targets)),
        "learning_rate_init": 3e-3,
        "max_iter": 100 if aside else 30,
        "random_state": problem.seed,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if problem.classes:
            return MLPClassifier(**settings).fit(train.given, train.targets, sample_weight=train.weights)
        center, scale = float(train.targets.mean()), float(train.targets.std()) or 1.0
        standard = (train.targets.astype(np.float64) - center) / scale
        model = MLPRegressor(**settings).fit(train.given, standard, sample_weight=train.weights)
    return Rescaled(model, center, scale)


@final
@dataclass(frozen=True, slots=True)
class Smoothed:
    """Shares of the neighbours' classes, and one neighbour more that is of each class as often as training is.

    Without it a class that no neighbour has would be impossible, and one such row would make the loss infinite.
    """

    model: Any
    prior: NDArray[np.float64]

    @staticmethod
    def of(model: Any, train: Rows) -> Smoothed:
        """With the class frequencies of these rows."""
        counts = np.unique(train.targets, return_counts=True)[1]
        return Smoothed(model, counts / counts.sum())

    @property
    def classes_(self) -> NDArray[np.generic]:
        """The classes that training had."""
        classes: NDArray[np.generic] = self.model.classes_
        return classes

    def predict_proba(self, given: Any) -> NDArray[np.float64]:
        """Probabilities (n, classes)."""
        size = self.model.n_neighbors
        shares: NDArray[np.float64] = self.model.predict_proba(given)
        smoothed: NDArray[np.float64] = (size * shares + self.prior) / (size + 1)
        return smoothed


@final
@dataclass(frozen=True, slots=True)
class Rescaled:
    """A model of amounts in standard units, answering in their own."""

    model: Any
    center: float
    scale: float

    def predict(self, given: Any) -> NDArray[np.float64]:
        """Amounts (n,)."""
        amounts: NDArray[np.float64] = self.model.predict(given)
        return amounts * self.scale + self.center
