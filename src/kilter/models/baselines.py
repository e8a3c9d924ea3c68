"""Simple models that a network must beat, by name; each a scikit-learn estimator over plain features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from kilter.models.estimators import (
    NEIGHBOURS,
    STRENGTHS,
    Fit,
    Problem,
    Rows,
    fit_boosted,
    fit_linear,
    fit_nearest,
    fit_small_mlp,
)
from kilter.models.features import Codes, Features
from kilter.models.lesson import Baseline, Lesson, weights_of
from kilter.models.ngram_baseline import LONGEST, NGram
from kilter.models.several_outputs import EachLabel, EachTask
from kilter.models.tagging_baselines import MostFrequentTag, WindowTagger
from kilter.models.tfidf_match import NoPreference, TfidfMatch
from kilter.values.errors import RecipeError, UsageError
from kilter.values.table import Kind, Schema, Table
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
class Constant:
    """Answers the same each time: how frequent each class is, or the mean.

    The decision is always the most frequent class, and no other constant has a smaller log-loss.
    """

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._schema = schema
        self._classes = classes
        self._answer = np.zeros(0)

    def fit(self, lesson: Lesson) -> None:
        """Count, or average."""
        weights = weights_of(lesson.train, self._schema)
        if self._classes:
            self._answer = _frequencies(lesson.targets, weights, self._classes)
        else:
            amounts = lesson.targets.astype(np.float64)
            known = np.isfinite(amounts) * weights.reshape(-1, *[1] * (amounts.ndim - 1))
            self._answer = (np.nan_to_num(amounts) * known).sum(0) / known.sum(0)

    def answer(self, table: Table) -> NDArray[np.float64]:
        """The same for every row."""
        return np.tile(self._answer, (len(table), *[1] * self._answer.ndim))


@final
class Median:
    """Answers the median of each column of amounts: no other constant has a smaller absolute error."""

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._schema = schema
        self._answer = np.zeros(0)

    def fit(self, lesson: Lesson) -> None:
        """Sort, and take the first amount up to which there is half of the weight."""
        amounts, weights = lesson.targets.astype(np.float64), weights_of(lesson.train, self._schema)
        order = np.argsort(amounts, axis=0, kind="stable")  # what is missing comes last
        rising = np.take_along_axis(amounts, order, axis=0)
        reached = np.cumsum(np.where(np.isfinite(rising), weights[order], 0.0), axis=0)
        half = (reached >= reached[-1] / 2).argmax(axis=0, keepdims=True)
        self._answer = np.take_along_axis(rising, half, axis=0)[0]

    def answer(self, table: Table) -> NDArray[np.float64]:
        """The same for every row."""
        return np.tile(self._answer, (len(table), *[1] * self._answer.ndim))


@final
class Guess:
    """Draws a class for each row as often as training has it, and gives it half of the probability.

    The other half are the frequencies themselves, so that no class is impossible. Unlike the constant it decides for
    every class: its accuracy is the sum of the squared frequencies, which is lower, its macro F1 about 1 / classes,
    which is higher, and its log-loss is higher.
    """

    def __init__(self, schema: Schema, classes: int, seed: int) -> None:
        self._schema = schema
        self._classes = classes
        self._seed = seed
        self._shares = np.zeros(0)

    def fit(self, lesson: Lesson) -> None:
        """Count."""
        self._shares = _frequencies(lesson.targets, weights_of(lesson.train, self._schema), self._classes)

    def answer(self, table: Table) -> NDArray[np.float64]:
        """(n, classes) probabilities; the same for the same number of rows."""
        drawn = np.random.default_rng(self._seed).choice(self._classes, size=len(table), p=self._shares)
        guessed: NDArray[np.float64] = (np.eye(self._classes)[drawn] + self._shares) / 2
        return guessed


@final
class Learnt:
    """An estimator over features of the inputs, one for each column of amounts.

    A row of several classes is learnt as several rows, each weighed by its share, or with `largest` as one of the class
    that has the largest share. Rows whose target is missing or whose weight is 0 are left out.
    """

    def __init__(
        self, schema: Schema, classes: int, seed: int, *, fit: Fit, codes: bool = False, largest: bool = False
    ) -> None:
        self._schema = schema
        self._classes = classes
        self._seed = seed
        self._fit = fit
        self._largest = largest
        self._features: Features | Codes = Codes(schema) if codes else Features(schema)
        self._models: list[Any] = []
        self._one = True

    def fit(self, lesson: Lesson) -> None:
        """Fit the estimator."""
        train, targets, valid, valid_targets = lesson
        given = self._features.fit(train).transform(train)
        weights = weights_of(train, self._schema)
        held = None if valid is None or valid_targets is None or not len(valid) else self._features.transform(valid)
        self._one = bool(self._classes) or targets.ndim == 1
        self._models = []
        for place in range(1 if self._one else targets.shape[1]):
            chosen = None
            if held is not None and valid is not None and valid_targets is not None:
                chosen = self._rows(held, valid_targets, weights_of(valid, self._schema), place)
            problem = Problem(
                train=self._rows(given, targets, weights, place),
                held=chosen if chosen is not None and len(chosen.targets) else None,
                classes=self._classes > 0,
                seed=self._seed,
                codes=self._features.codes,
            )
            self._models.append(self._fit(problem))

    def answer(self, table: Table) -> NDArray[np.float64]:
        """Probabilities or amounts."""
        if not self._models:
            raise UsageError("the baseline was not fitted", remedy="call `fit` first")
        given = self._features.transform(table)
        if self._classes:
            return _aligned(self._models[0], given, self._classes)
        amounts: NDArray[np.float64] = np.stack([model.predict(given) for model in self._models], axis=1)
        return amounts[:, 0] if self._one else amounts

    def _rows(self, given: Any, targets: NDArray[np.generic], weights: NDArray[np.float64], place: int) -> Rows:
        """The rows of one estimator: those that have a target and count for something."""
        if self._classes and targets.ndim == 2:
            shares = np.nan_to_num(targets.astype(np.float64)) * weights[:, None]
            if self._largest:
                shares *= np.eye(self._classes)[shares.argmax(1)]
            rows, classes = np.nonzero(shares > 0)
            return Rows(given=given[rows], targets=classes, weights=shares[rows, classes])
        column = targets if targets.ndim == 1 else targets[:, place]
        amounts = column.astype(np.float64)
        there = amounts >= 0 if self._classes else np.isfinite(amounts)
        rows = np.flatnonzero(there & (weights > 0))
        return Rows(given=given[rows], targets=column[rows], weights=weights[rows])


def _linear(schema: Schema, classes: int, seed: int) -> Baseline:
    return Learnt(schema, classes, seed, fit=fit_linear)


def _boosted(schema: Schema, classes: int, seed: int) -> Baseline:
    return Learnt(schema, classes, seed, fit=fit_boosted, codes=True)


def _boosted_median(schema: Schema, classes: int, seed: int) -> Baseline:
    return Learnt(schema, classes, seed, fit=partial(fit_boosted, amounts="absolute_error"), codes=True)


def _nearest(schema: Schema, classes: int, seed: int) -> Baseline:
    return Learnt(schema, classes, seed, fit=fit_nearest, largest=True)


def _small_mlp(schema: Schema, classes: int, seed: int) -> Baseline:
    return Learnt(schema, classes, seed, fit=fit_small_mlp)


BASELINES: Final[Mapping[str, Callable[[Schema, int, int], Baseline]]] = MappingProxyType(
    {
        "majority": Constant,
        "prior": Guess,
        "mean": Constant,
        "median": Median,
        "linear": _linear,
        "ridge": _linear,
        "boosted": _boosted,
        "boosted-regression": _boosted,
        "boosted-median": _boosted_median,
        "nearest": _nearest,
        "small-mlp": _small_mlp,
        "majority-labels": EachLabel,
        "linear-labels": partial(EachLabel, fit=fit_linear),
        "boosted-labels": partial(EachLabel, fit=fit_boosted, codes=True),
        "constant-tasks": partial(EachTask, make=Constant),
        "linear-tasks": partial(EachTask, make=_linear),
        "no-preference": NoPreference,
        "tfidf-match": TfidfMatch,
        "most-frequent-tag": MostFrequentTag,
        "window-tagger": WindowTagger,
    }
)
_OF_TEXTS: Final[Mapping[str, Callable[[Schema, int], Baseline]]] = MappingProxyType(
    {"unigram": partial(NGram, longest=0), "ngram": NGram}
)
"""Baselines of texts to write, over tables whose target column holds the ids of their tokens."""

_OF_CLASSES: Final = frozenset({"majority", "prior", "linear", "boosted"})
_OF_AMOUNTS: Final = frozenset({"mean", "median", "ridge", "boosted-regression", "boosted-median"})
_OF_SEVERAL: Final = frozenset(
    {
        "majority-labels",
        "linear-labels",
        "boosted-labels",
        "constant-tasks",
        "linear-tasks",
        "no-preference",
        "tfidf-match",
    }
)
_OF_TAGS: Final = frozenset({"most-frequent-tag", "window-tagger"})
_WITHOUT_SETTINGS: Final = frozenset(
    {
        "majority",
        "prior",
        "mean",
        "median",
        "majority-labels",
        "constant-tasks",
        "no-preference",
        "most-frequent-tag",
        "unigram",
    }
)
_CHOSEN_AMONG: Final[Mapping[str, int]] = MappingProxyType(
    {name: len(STRENGTHS) for name in ("linear", "ridge", "linear-labels", "linear-tasks")}
    | {"nearest": len(NEIGHBOURS), "ngram": LONGEST + 1}
)
"""Settings of a baseline, of which the validation rows choose one."""
SMALL: Final = "small-mlp"
RUNGS: Final[tuple[frozenset[str], ...]] = (
    _WITHOUT_SETTINGS,
    frozenset({"linear", "ridge", "linear-labels", "linear-tasks", "tfidf-match", "window-tagger", "ngram"}),
    frozenset({SMALL}),
)
"""Rungs of the ladder that leads up to the network: what never looks at the inputs, a linear model, a small network."""

AUTO: Final = "auto"
"""Stands for the baselines that a task usually takes."""
MOST_ROWS: Final = 12_000
MOST_FEATURES: Final = 1_000
"""Training rows and numbers a row up to which a small network is fitted unasked. It takes some 0.4 ms of CPU a row of
up to a hundred numbers, 1.2 ms a row of 784, and a minute or more on texts, whose words have 64 weights each."""

_ON_COLUMNS: Final = frozenset({"boosted", "boosted-regression", "boosted-median", "boosted-labels"})


def make_baseline(name: str, schema: Schema, labels: tuple[str, ...], *, seed: int, outputs: int = 0) -> Baseline:
    """A baseline by name, not fitted; `labels` is empty where there are no classes.

    `outputs` are the tokens that a text to write is made of.

    Raises:
        RecipeError: nobody knows the name, or it is not for such targets.
    """
    if name in _OF_TEXTS:
        return _OF_TEXTS[name](schema, outputs)
    if name not in BASELINES or name in (_OF_AMOUNTS if labels else _OF_CLASSES):
        raise RecipeError(f"baselines: {name!r}", legal=nearest(name, suited(labels)))
    return BASELINES[name](schema, len(labels), seed)


def suited(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Names of all baselines for such targets: classes, or amounts where there are no labels.

    >>> suited(("no", "yes")), suited(())
    (('majority', 'prior', 'linear', 'boosted', 'nearest', 'small-mlp'),
     ('mean', 'median', 'ridge', 'boosted-regression', 'boosted-median', 'nearest', 'small-mlp'))
    """
    others = _OF_SEVERAL | _OF_TAGS | (_OF_AMOUNTS if labels else _OF_CLASSES)
    return tuple(name for name in BASELINES if name not in others)


def alternatives(usual: tuple[str, ...]) -> tuple[str, ...]:
    """All baselines that may be named in place of those that a task usually takes.

    >>> alternatives(("majority", "linear"))
    ('majority', 'linear', 'prior', 'boosted', 'nearest', 'small-mlp')
    >>> alternatives(("ngram",))
    ('ngram',)
    """
    families = (suited(("a class",)), suited(()))
    others = next((family for family in families if set(usual) & set(family)), ())
    return tuple(dict.fromkeys((*usual, *others)))


def applicable(names: Iterable[str], schema: Schema) -> tuple[str, ...]:
    """Those of the names that can read these inputs: trees need columns, not texts or pixels.

    Trees on thousands of TF-IDF columns take minutes and are worse than the linear model, so they are left out there.
    """
    unread = schema.of_kind(Kind.TEXT, Kind.TOKENS, Kind.IMAGE)
    columns = bool(schema.of_kind(Kind.NUMBER, Kind.CATEGORY)) and not unread
    return tuple(name for name in names if columns or name not in _ON_COLUMNS)


def measured(asked: Iterable[str], usual: tuple[str, ...], schema: Schema, train: Table) -> tuple[str, ...]:
    """The baselines to measure: those that were asked for and can read the inputs.

    Where `auto` stands among them, the usual ones of the task are, and a small network where that takes seconds.

    Args:
        asked: names, as the project file has them.
        usual: names of the task's own baselines.
        schema: of the data.
        train: the training rows.
    """
    small = (SMALL,) if {"linear", "ridge"} & set(usual) and _is_quick(schema, train) else ()
    names = (each for name in asked for each in ((*usual, *small) if name == AUTO else (name,)))
    return applicable(dict.fromkeys(names), schema)


def _is_quick(schema: Schema, train: Table) -> bool:
    """Whether a small network takes seconds on these rows."""
    if schema.joined or schema.of_kind(Kind.TEXT, Kind.TOKENS) or len(train) > MOST_ROWS:
        return False
    return sum(train.columns[field.name][:1].size for field in schema.inputs) <= MOST_FEATURES


def ladder(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are rungs, from the simplest up; one a rung, the first that is named.

    >>> ladder(("small-mlp", "boosted", "prior", "majority", "linear"))
    ('prior', 'linear', 'small-mlp')
    """
    known = tuple(names)
    found = (next((name for name in known if name in rung), None) for rung in RUNGS)
    return tuple(name for name in found if name is not None)


def settings_tried(name: str, *, chosen: bool) -> int:
    """How many settings of a baseline are tried; 0 of one that has none.

    >>> [settings_tried(name, chosen=True) for name in ("linear", "boosted", "mean")]
    [3, 1, 0]

    Args:
        name: the baseline's.
        chosen: whether there are validation rows, which choose among them.
    """
    if name in _WITHOUT_SETTINGS:
        return 0
    return _CHOSEN_AMONG.get(name, 1) if chosen else 1


def _frequencies(targets: NDArray[np.generic], weights: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """How frequent each class is, (classes,); of rows that have a target."""
    if targets.ndim == 2:
        counts = (np.nan_to_num(targets.astype(np.float64)) * weights[:, None]).sum(0)
    else:
        there = targets.astype(np.float64) >= 0
        counts = np.bincount(targets[there].astype(np.int64), weights=weights[there], minlength=classes)
    frequencies: NDArray[np.float64] = counts / counts.sum()
    return frequencies


def _aligned(model: Any, given: Any, classes: int) -> NDArray[np.float64]:
    """Probabilities of all classes, zero for those that training did not have."""
    probabilities = model.predict_proba(given)
    whole = np.zeros((len(probabilities), classes))
    whole[:, model.classes_.astype(np.int64)] = probabilities
    return whole
