"""Simple models that a network must beat, by name; each a scikit-learn estimator over plain features."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, final

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from kilter.models.features import Features, ordinal
from kilter.values.errors import RecipeError, UsageError
from kilter.values.table import Kind, Schema, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRENGTHS: Final = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths that a linear model is tried with; the best on the validation rows is kept."""


class Baseline(Protocol):
    """A simple model over a table."""

    def fit(
        self,
        train: Table,
        targets: NDArray[np.generic],
        valid: Table | None = None,
        valid_targets: NDArray[np.generic] | None = None,
    ) -> None:
        """Learn from the training rows; the validation rows may choose among settings, no more."""

    def answer(self, table: Table) -> NDArray[np.float64]:
        """(n, classes) probabilities in the order of the labels, or (n,) amounts."""


@final
class Constant:
    """Answers the same each time: how frequent each class is, or the mean."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._classes = classes
        self._answer = np.zeros(0)

    def fit(
        self,
        train: Table,
        targets: NDArray[np.generic],
        valid: Table | None = None,
        valid_targets: NDArray[np.generic] | None = None,
    ) -> None:
        """Count, or average."""
        if self._classes:
            counts = np.bincount(targets.astype(np.int64), minlength=self._classes)
            self._answer = counts / counts.sum()
        else:
            self._answer = np.asarray(targets.astype(np.float64).mean())

    def answer(self, table: Table) -> NDArray[np.float64]:
        """The same for every row."""
        return np.tile(self._answer, (len(table), 1)) if self._classes else np.full(len(table), float(self._answer))


@final
class Linear:
    """Logistic or ridge regression; how strongly it is regularised is chosen on the validation rows."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._features = Features(schema)
        self._classes = classes
        self._model: Any = None

    def fit(
        self,
        train: Table,
        targets: NDArray[np.generic],
        valid: Table | None = None,
        valid_targets: NDArray[np.generic] | None = None,
    ) -> None:
        """Fit each strength, from the strongest on, and keep the best on the validation rows."""
        given = self._features.fit(train).transform(train)
        held = None if valid is None or not len(valid) else self._features.transform(valid)
        best = -np.inf
        for strength in STRENGTHS if held is not None else STRENGTHS[1:2]:
            model = self._made(strength)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits do not matter to a baseline
                model.fit(given, targets)
            score = 0.0 if held is None else float(model.score(held, valid_targets))
            if score <= best:
                break
            best, self._model = score, model

    def answer(self, table: Table) -> NDArray[np.float64]:
        """Probabilities or amounts."""
        given = self._features.transform(table)
        if not self._classes:
            amounts: NDArray[np.float64] = self._model.predict(given)
            return amounts
        return _aligned(self._model.predict_proba(given), self._model.classes_, self._classes)

    def _made(self, strength: float) -> Any:
        if self._classes:
            return LogisticRegression(C=strength, max_iter=100, tol=1e-3)
        return Ridge(alpha=1.0 / strength)


@final
class Boosted:
    """Gradient-boosted trees on histograms, stopped early on a tenth of the training rows."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._schema = schema
        self._classes = classes
        self._seed = seed
        self._train: Table | None = None
        self._model: Any = None

    def fit(
        self,
        train: Table,
        targets: NDArray[np.generic],
        valid: Table | None = None,
        valid_targets: NDArray[np.generic] | None = None,
    ) -> None:
        """Fit the trees."""
        kind = HistGradientBoostingClassifier if self._classes else HistGradientBoostingRegressor
        given, codes = ordinal(self._schema, train, train)
        rare = self._classes and np.bincount(targets.astype(np.int64)).min() < 10
        self._train = train
        self._model = kind(
            categorical_features=codes if any(codes) else None,
            early_stopping=not rare,
            max_iter=300 if not rare else 100,
            random_state=self._seed,
        ).fit(given, targets)

    def answer(self, table: Table) -> NDArray[np.float64]:
        """Probabilities or amounts."""
        if self._train is None:
            raise UsageError("the baseline was not fitted", remedy="call `fit` first")
        given, _ = ordinal(self._schema, self._train, table)
        if not self._classes:
            amounts: NDArray[np.float64] = self._model.predict(given)
            return amounts
        return _aligned(self._model.predict_proba(given), self._model.classes_, self._classes)


BASELINES: Final[Mapping[str, Callable[[Schema, int, int], Baseline]]] = MappingProxyType(
    {
        "majority": Constant,
        "mean": Constant,
        "linear": Linear,
        "ridge": Linear,
        "boosted": Boosted,
        "boosted-regression": Boosted,
    }
)
_ON_COLUMNS: Final = frozenset({"boosted", "boosted-regression"})


def make_baseline(name: str, schema: Schema, labels: tuple[str, ...], *, seed: int) -> Baseline:
    """A baseline by name, not fitted; `labels` is empty where there are no classes.

    Raises:
        RecipeError: nobody knows the name.
    """
    if name not in BASELINES:
        raise RecipeError(f"baselines: {name!r}", legal=nearest(name, BASELINES))
    return BASELINES[name](schema, len(labels), seed)


def applicable(names: Iterable[str], schema: Schema) -> tuple[str, ...]:
    """Those of the names that can read these inputs: trees need columns, not texts or pixels.

    Trees on thousands of TF-IDF columns take minutes and are worse than the linear model, so they are left out there.
    """
    columns = bool(schema.of_kind(Kind.NUMBER, Kind.CATEGORY)) and not schema.of_kind(Kind.TEXT, Kind.IMAGE)
    return tuple(name for name in names if columns or name not in _ON_COLUMNS)


def _aligned(probabilities: NDArray[np.float64], classes: NDArray[np.generic], number: int) -> NDArray[np.float64]:
    """Probabilities of all classes, zero for those that training did not have."""
    whole = np.zeros((len(probabilities), number))
    whole[:, classes.astype(np.int64)] = probabilities
    return whole
