"""Scores of a table of joint counts of truth and prediction: `counts[i, j]` examples of class i taken for class j."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, final

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Integers, Reals, refuse_resamples
from kilter.metrics.intervals import Interval, proportion, resampled_measure, wilson
from kilter.metrics.measure import Measure
from kilter.metrics.multinomial import SUMS_AT_ONCE, nanoseconds, resample_sums
from kilter.metrics.resampling import CELL_COST, CELL_NS, ENTRIES_AT_ONCE, Seed, as_counts, resample_cells

Labels = Literal["observed", "truth", "all"]
Truths = npt.NDArray[np.bool_]

READINGS: Mapping[str, str] = MappingProxyType(
    {
        "observed": "mean over labels in truth or prediction",
        "truth": "mean over labels in truth",
        "all": "mean over all labels",
    }
)
RARE = 10  # examples of a class; a mean over classes with fewer is told from others
SHARES = ("accuracy", "micro_f1", "micro_precision", "micro_recall", "weighted_recall")  # equal in one table


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """All that count scores depend on, each of shape (..., classes); leading axes are tables, such as resamples.

    Attributes:
        hits: examples of the class that were taken for it.
        support: examples of the class.
        predicted: examples that were taken for the class.
    """

    hits: Reals
    support: Reals
    predicted: Reals


def margins(counts: npt.ArrayLike) -> Margins:
    """The margins of one table (classes, classes), or of a stack of tables (..., classes, classes)."""
    tables = np.asarray(counts, dtype=np.float64)
    hits = np.diagonal(tables, axis1=-2, axis2=-1)
    return Margins(hits=hits, support=tables.sum(axis=-1), predicted=tables.sum(axis=-2))


def resample_margins(counts: npt.ArrayLike, *, resamples: int = 10_000, seed: Seed = 0) -> Iterator[Margins]:
    """Margins of bootstrap resamples of a table (classes, classes), in chunks (r, classes) of bounded memory.

    Only cells that somebody fell into are drawn, so that a table of many classes costs what it holds; where they are
    many, all resamples of a cell are drawn at once (see `kilter.metrics.multinomial`), which gives the same draws in
    distribution.

    Raises ValueError for a table that is not square or not of counts, or for less than 1 resample.
    """
    table = _as_table(counts)
    classes = len(table)
    rows, columns = np.nonzero(table)
    cells = table[rows, columns]
    if nanoseconds(cells, resamples) < resamples * min(CELL_NS * cells.size, CELL_NS / CELL_COST * int(cells.sum())):
        yield from _margins_at_once(cells, rows, columns, classes, resamples=resamples, seed=seed)
        return
    for drawn in resample_cells(cells, resamples=resamples, seed=seed, beside=12 * classes):
        times = drawn.astype(np.float64)
        right = rows == columns
        hits = np.zeros((len(times), classes))
        hits[:, rows[right]] = times[:, right]
        yield Margins(hits=hits, support=_sums(times, rows, classes), predicted=_sums(times, columns, classes))


def _margins_at_once(
    cells: Integers,
    rows: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    classes: int,
    *,
    resamples: int,
    seed: Seed,
) -> Iterator[Margins]:
    """Margins of resamples of cells (cells,) of these rows and columns."""
    refuse_resamples(resamples)
    generator = np.random.default_rng(seed)
    places = np.stack([np.where(rows == columns, rows, -1), rows, columns])
    whole, at_once = max(1, SUMS_AT_ONCE // (3 * classes)), max(1, ENTRIES_AT_ONCE // (12 * classes))
    for start in range(0, resamples, whole):
        many = min(whole, resamples - start)
        sums = resample_sums(cells, places, classes, resamples=many, generator=generator)
        for first in range(0, many, at_once):
            hits, support, predicted = (
                sums[:, :, first : first + at_once].transpose(0, 2, 1).astype(np.float64, order="C")
            )
            yield Margins(hits=hits, support=support, predicted=predicted)


def rates(of: Margins) -> tuple[Reals, Reals, Reals]:
    """Precision, recall and F1 of each class, each of shape (..., classes); not-a-number where there is no value."""
    f1 = _ratio(2 * of.hits, of.support + of.predicted)
    return _ratio(of.hits, of.predicted), _ratio(of.hits, of.support), f1


def labels_read(of: Margins, labels: Labels) -> Truths:
    """Which labels a macro average is taken over, shape (..., classes).

    `observed`: those that occur in truth or prediction; `truth`: those that occur in truth; `all`: every one.

    Raises ValueError for another reading.
    """
    if labels == "observed":
        return of.support + of.predicted > 0
    if labels == "truth":
        return of.support > 0
    if labels == "all":
        return np.ones(of.support.shape, dtype=np.bool_)
    raise ValueError(
        f"labels = {labels!r}: 'observed', 'truth' and 'all' are legal; say which labels a macro average is taken over."
    )


def averages(of: Margins, read: Truths) -> dict[str, Reals]:
    """Micro, macro and weighted precision, recall and F1, each of shape (...), over the labels that have a value.

    A macro average is the mean of the classes' own scores over the labels in `read` (..., classes); macro F1 is thus
    the mean of the F1s, not the F1 of the means (Opitz and Burst 2019, Macro F1 and Macro F1). A weighted average
    weighs each class by its support; a micro average adds up the classes' counts first.
    """
    precision, recall, f1 = rates(of)
    hits, support, predicted = (margin.sum(axis=-1) for margin in (of.hits, of.support, of.predicted))
    return {
        "macro_f1": _mean(f1, read),
        "macro_precision": _mean(precision, read),
        "macro_recall": _mean(recall, read),
        "micro_f1": _ratio(2 * hits, support + predicted),
        "micro_precision": _ratio(hits, predicted),
        "micro_recall": _ratio(hits, support),
        "weighted_f1": _mean(f1, of.support),
        "weighted_precision": _mean(precision, of.support),
        "weighted_recall": _mean(recall, of.support),
    }


def agreements(of: Margins) -> dict[str, Reals]:
    """Accuracy, balanced accuracy and MCC, each of shape (...), for examples of exactly one label each.

    Balanced accuracy is the mean recall of the labels in truth. MCC is the correlation of truth and prediction, for
    several classes as in Gorodkin (2004, Comparing two K-category assignments by a K-category correlation
    coefficient).
    """
    n = of.support.sum(axis=-1)
    accuracy = _ratio(of.hits.sum(axis=-1), n)
    by_chance = _ratio((of.support * of.predicted).sum(axis=-1), n**2)
    return {
        "accuracy": accuracy,
        "balanced_accuracy": _mean(_ratio(of.hits, of.support), of.support > 0),
        "mcc": np.clip(_ratio(accuracy - by_chance, _spread(of)), -1.0, 1.0),  # rounding can leave the range
    }


def count_scores(
    counts: npt.ArrayLike,
    *,
    labels: Labels = "observed",
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: Seed = 0,
) -> dict[str, Measure]:
    """The scores of `agreements` and `averages` for a table of joint counts (classes, classes), with intervals.

    One multinomial resampling of the table serves all intervals. It can only repeat what was seen, and is too narrow
    where few answers were right, or few wrong, or a class is rare. No interval is therefore narrower than what
    Wilson's intervals of the classes make of it, put together as those of independent shares (for MCC: where every
    answer is right, or every one wrong). That adds some percent to the width for a thousand examples and next to
    nothing for many more. Accuracy (and the averages that equal it where each example has one label) is a share of
    independent answers and takes Wilson's interval alone.

    A macro or weighted average over a label without a value (one never predicted has no precision) is undefined; in
    resamples, which may miss a rare label by chance, it is taken over the labels that have one.

    >>> print(count_scores([[80, 20], [10, 90]])["accuracy"])
    0.85 [0.7939, 0.8929]
    >>> print(count_scores([[10, 0], [1, 0]])["macro_precision"])
    undefined: 1 of 2 labels were never predicted

    Raises ValueError for a table that is not square or not of counts, an unknown reading of labels, less than 1
    resample, or a confidence outside 0 to 1.
    """
    table = _as_table(counts)
    of = margins(table)
    read = labels_read(of, labels)
    n = int(table.sum())
    values = {name: float(value) for name, value in _scores(of, read).items()}
    if n == 0:
        return {name: Measure(undefined="no examples", n=0, confidence=confidence) for name in values}
    drawn: dict[str, list[Reals]] = {name: [] for name in values}
    for chunk in resample_margins(table, resamples=resamples, seed=seed):
        for name, resampled in _scores(chunk, read & labels_read(chunk, labels)).items():
            drawn[name].append(resampled)
    reasons = _reasons(of, read)
    closed = _closed_forms(of, read, class_scores(table, confidence=confidence), confidence)
    hits = int(np.trace(table))
    share = proportion(hits, n, confidence=confidence)
    scores: dict[str, Measure] = {}
    for name, value in values.items():
        if name in reasons:
            scores[name] = Measure(undefined=reasons[name], n=n, confidence=confidence)
        elif name in SHARES:
            scores[name] = share
        else:
            scores[name] = resampled_measure(
                value,
                np.concatenate(drawn[name]),
                n=n,
                confidence=confidence,
                method="resampling",
                at_least=closed.get(name),
            )
    rare = "rare classes" if of.support[of.support > 0].min() < RARE else ""
    for name in scores.keys() - {*SHARES, "mcc"}:
        reading = READINGS[labels] if name.startswith("macro") else READINGS["truth"]
        scores[name] = replace(scores[name], strained=rare, reading=reading)
    return scores


def class_scores(counts: npt.ArrayLike, *, confidence: float = 0.95) -> tuple[Mapping[str, Measure], ...]:
    """Precision, recall and F1 of each class of a table (classes, classes), in the classes' order, with intervals.

    Given how many examples were taken for the class, were of it, or were either, the hits are a binomial count: each
    of precision, recall and hits / either (Jaccard's index J) has Wilson's interval, which holds for the few examples
    of a rare class, where resampling fails. F1 is 2J / (1 + J), which rises with J and takes its interval along.

    >>> print(class_scores([[3, 1], [0, 4]])[1]["recall"])
    1 [0.5101, 1]

    Raises ValueError for a table that is not square or not of counts, or a confidence outside 0 to 1.
    """
    table = _as_table(counts)
    hits, support, predicted = (part.tolist() for part in (np.diagonal(table), table.sum(axis=1), table.sum(axis=0)))
    return tuple(rates_of(*each, confidence=confidence) for each in zip(hits, support, predicted, strict=True))


def rates_of(hits: int, support: int, predicted: int, *, confidence: float = 0.95) -> Mapping[str, Measure]:
    """Precision, recall and F1 of so many hits among so many that were of the class and that were taken for it.

    Intervals as in `class_scores`.
    """
    either = support + predicted - hits
    f1 = Measure(undefined="the class occurs neither in truth nor in prediction", n=0, confidence=confidence)
    if either:
        jaccard = wilson(hits, either, confidence=confidence)
        value = 2 * hits / (support + predicted)
        interval = Interval(
            low=2 * jaccard.low / (1 + jaccard.low), high=2 * jaccard.high / (1 + jaccard.high)
        ).including(value)
        f1 = Measure(
            value=value, low=interval.low, high=interval.high, n=either, confidence=confidence, method="wilson"
        )
    return {
        "precision": proportion(hits, predicted, undefined="the class was never predicted", confidence=confidence),
        "recall": proportion(hits, support, undefined="no example is of the class", confidence=confidence),
        "f1": f1,
    }


def _scores(of: Margins, read: Truths) -> dict[str, Reals]:
    return agreements(of) | averages(of, read)


def _spread(of: Margins) -> Reals:
    """The standard deviations of truth and prediction, multiplied: what MCC divides by, shape (...)."""
    n = of.support.sum(axis=-1)[..., None]
    true, taken = _ratio(of.support, n), _ratio(of.predicted, n)
    variances = (1 - (true**2).sum(axis=-1)) * (1 - (taken**2).sum(axis=-1))
    spread: Reals = np.sqrt(np.maximum(variances, 0))
    return spread


def _reasons(of: Margins, read: Truths) -> dict[str, str]:
    """Why scores of the table have no value, by name."""
    true, taken = of.support > 0, of.predicted > 0
    missing = {
        "macro_precision": (read, taken, "were never predicted"),
        "macro_recall": (read, true, "do not occur in truth"),
        "macro_f1": (read, true | taken, "occur neither in truth nor in prediction"),
        "weighted_precision": (true, taken, "were never predicted"),
    }
    reasons = {
        name: f"{np.count_nonzero(over & ~having)} of {np.count_nonzero(over)} labels {fate}"
        for name, (over, having, fate) in missing.items()
        if (over & ~having).any()
    }
    if np.count_nonzero(true) == 1:
        reasons["mcc"] = "all examples are of one class"
    elif np.count_nonzero(taken) == 1:
        reasons["mcc"] = "all predictions are of one class"
    return reasons


def _closed_forms(
    of: Margins, read: Truths, classes: tuple[Mapping[str, Measure], ...], confidence: float
) -> dict[str, Interval]:
    """Intervals by formula, of the scores that have one, by name.

    A share has Wilson's. A mean of the classes' scores has theirs put together: each bound is as far from the mean as
    the root of the summed squares of the classes' bounds' distances, weighed as the mean weighs them (Zou and Donner
    2008, Construction of confidence limits about effect measures, "MOVER"). That takes the classes for independent,
    which recalls are, and which for F1 is a little too narrow. Where all answers are right, or all wrong, MCC has
    that of accuracy on its own scale, the margins being as they are.
    """
    n, hits = float(of.support.sum()), float(of.hits.sum())
    share = wilson(hits, n, confidence=confidence)
    even, truth = read / max(1, int(read.sum())), of.support > 0
    forms: dict[str, Interval] = {}
    means: tuple[tuple[str, str, Reals], ...] = (
        ("balanced_accuracy", "recall", truth / np.count_nonzero(truth)),
        ("macro_f1", "f1", even),
        ("macro_precision", "precision", even),
        ("macro_recall", "recall", even),
        ("weighted_f1", "f1", of.support / n),
        ("weighted_precision", "precision", of.support / n),
    )
    for name, rate, weights in means:
        forms[name] = put_together([each[rate] for each in classes], weights)
    spread = float(_spread(of))
    if hits in {0.0, n} and spread > 0:
        chance = float((of.support * of.predicted).sum()) / n**2
        low, high = ((bound - chance) / spread for bound in (share.low, share.high))
        forms["mcc"] = Interval(low=max(low, -1.0), high=min(high, 1.0))
    return forms


def put_together(measures: Sequence[Measure], weights: Reals) -> Interval:
    """The interval of a weighted mean of independent shares, of theirs; those without a value are left out."""
    value = below = above = 0.0
    for measure, weight in zip(measures, weights.tolist(), strict=True):
        if weight and measure.value is not None and measure.low is not None and measure.high is not None:
            value += weight * measure.value
            below += (weight * (measure.value - measure.low)) ** 2
            above += (weight * (measure.high - measure.value)) ** 2
    return Interval(low=max(0.0, value - math.sqrt(below)), high=min(1.0, value + math.sqrt(above)))


def _as_table(counts: npt.ArrayLike) -> Integers:
    table = as_counts(counts)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or len(table) < 2:
        raise ValueError(
            f"counts have shape {table.shape}: a square table (classes, classes) of two classes or more is legal;"
            " pass what `joint_counts` returns."
        )
    return table


def _ratio(part: Reals, whole: Reals) -> Reals:
    part, whole = np.broadcast_arrays(part, whole)
    ratio: Reals = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return ratio


def _mean(values: Reals, weights: npt.NDArray[np.generic]) -> Reals:
    having = np.isfinite(values)
    weighed = np.where(having, values, 0.0) * weights
    return _ratio(weighed.sum(axis=-1), (having * weights).sum(axis=-1))


def _sums(times: Reals, places: npt.NDArray[np.intp], classes: int) -> Reals:
    """Sums over the cells of each place: times (r, cells), places (cells,) to (r, classes)."""
    order = np.argsort(places, kind="stable")
    present, starts = np.unique(places[order], return_index=True)
    sums = np.zeros((len(times), classes))
    sums[:, present] = np.add.reduceat(times[:, order], starts, axis=1)
    return sums
