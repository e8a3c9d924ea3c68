"""Scores of several labels at once: each example has any number of them, and some may be unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from kilter.metrics.confusion import READINGS, Margins, averages, labels_read, put_together, rates_of
from kilter.metrics.inputs import Reals
from kilter.metrics.intervals import Interval, proportion, resampled_measure, wilson
from kilter.metrics.measure import Measure
from kilter.metrics.ranking import average_precision
from kilter.metrics.resampling import Seed, resample_means

AVERAGES: Final = ("micro_f1", "macro_f1", "micro_precision", "micro_recall")
MOST_DRAWN: Final = 100_000_000  # places (resamples × rows × labels) drawn for an interval, about 2 s
FEWEST_DRAWN: Final = 100  # resamples, however many places there are


def multilabel_scores(
    target: npt.ArrayLike,
    predicted: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> dict[str, Measure]:
    """Scores of decisions (n, k), 0 or 1, and probabilities (n, k), on targets (n, k): 0, 1 or not-a-number.

    `micro_f1`, `micro_precision` and `micro_recall` add up the labels' counts first. `macro_f1` is the mean of the
    labels' own F1s over the labels that occur in truth or prediction (Opitz and Burst 2019, Macro F1 and Macro F1).
    `exact_match` is the share of rows in which every known label is right. `mean_average_precision` is the mean of the
    labels' average precisions over the labels that occur in truth. Places whose target is not-a-number are unknown and
    count nowhere.

    Whole rows are resampled, so that labels that come together stay together. Since resamples can only repeat what was
    seen, F1, precision and recall are no narrower than what Wilson's intervals of their counts make of it.

    Raises ValueError for shapes that are not (n, k), for targets and decisions other than 0 and 1, and for
    probabilities that are not finite where the target is known.
    """
    true, taken, given = _as_tables(target, predicted, probabilities)
    known = ~np.isnan(true)
    of = _margins(true, taken, known)
    n = int(known.any(axis=1).sum())
    right = ((true == taken) | ~known).all(axis=1) & known.any(axis=1)
    scores = {"exact_match": proportion(int(right.sum()), n, confidence=confidence)}
    if n == 0:
        return scores | {
            name: Measure(undefined="no examples", n=0, confidence=confidence)
            for name in (*AVERAGES, "mean_average_precision")
        }
    sums = Margins(hits=of.hits.sum(axis=0), support=of.support.sum(axis=0), predicted=of.predicted.sum(axis=0))
    read = labels_read(sums, "observed")
    values = averages(sums, read)
    means = resample_means(np.hstack([of.hits, of.support, of.predicted]), resamples=resamples, seed=seed)
    hits, support, positives = np.split(means * len(true), 3, axis=1)
    drawn_of = Margins(hits=hits, support=support, predicted=positives)
    drawn = averages(drawn_of, read & labels_read(drawn_of, "observed"))
    closed = _closed_forms(sums, read, confidence)
    reasons = {
        "micro_f1": "no label occurs in truth or prediction",
        "macro_f1": "no label occurs in truth or prediction",
        "micro_precision": "no label was ever predicted",
        "micro_recall": "no label occurs in truth",
    }
    for name in AVERAGES:
        value = float(values[name])
        scores[name] = (
            Measure(undefined=reasons[name], n=n, confidence=confidence)
            if math.isnan(value)
            else resampled_measure(value, drawn[name], n=n, confidence=confidence, at_least=closed.get(name))
        )
    scores["macro_f1"] = replace(scores["macro_f1"], reading=READINGS["observed"])
    scores["mean_average_precision"] = _mean_average_precision(
        true, given, known, confidence=confidence, resamples=resamples, seed=seed
    )
    return scores


def label_scores(
    target: npt.ArrayLike,
    predicted: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    seed: Seed = 0,
) -> tuple[Mapping[str, Measure], ...]:
    """Precision, recall, F1 and average precision of each label, over the rows where it is known.

    Arguments and errors are those of `multilabel_scores`.
    """
    true, taken, given = _as_tables(target, predicted, probabilities)
    each = []
    for at in range(true.shape[1]):
        rows = ~np.isnan(true[:, at])
        y, decided = true[rows, at].astype(np.int64), taken[rows, at]
        counts = int((y * decided).sum()), int(y.sum()), int(decided.sum())
        ranked = average_precision(y, given[rows, at], confidence=confidence, seed=seed)
        each.append({**rates_of(*counts, confidence=confidence), "average_precision": ranked})
    return tuple(each)


def _margins(true: Reals, taken: Reals, known: npt.NDArray[np.bool_]) -> Margins:
    """What each row adds to the counts of each label, (n, k)."""
    positive = np.where(known, true, 0.0)
    decided = np.where(known, taken, 0.0)
    return Margins(hits=positive * decided, support=positive, predicted=decided)


def _closed_forms(of: Margins, read: npt.NDArray[np.bool_], confidence: float) -> dict[str, Interval]:
    """Intervals by formula of counts (k,): Wilson's of what is added up, and put together of the labels' F1s."""
    hits, support, predicted = (int(margin.sum()) for margin in (of.hits, of.support, of.predicted))
    added = rates_of(hits, support, predicted, confidence=confidence)
    forms = {
        f"micro_{rate}": Interval(low=measure.low, high=measure.high)
        for rate, measure in added.items()
        if measure.low is not None and measure.high is not None
    }
    each = [
        rates_of(*map(int, counts), confidence=confidence)["f1"]
        for counts in zip(of.hits, of.support, of.predicted, strict=True)
    ]
    if read.any():
        forms["macro_f1"] = put_together(each, read / read.sum())
    return forms


def _mean_average_precision(
    true: Reals, given: Reals, known: npt.NDArray[np.bool_], *, confidence: float, resamples: int, seed: Seed
) -> Measure:
    n, labels = true.shape
    positive = np.where(known, true, 0.0)
    occurring = np.flatnonzero(positive.any(axis=0))
    if not len(occurring):
        return Measure(undefined="no label occurs in truth", n=n, confidence=confidence)
    resamples = max(FEWEST_DRAWN, min(resamples, MOST_DRAWN // (n * labels)))
    at_once = max(1, 1_000_000 // n)
    orders = [np.argsort(-given[:, at], kind="stable") for at in occurring]
    generator = np.random.default_rng(seed)
    drawn = []
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        places = generator.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
        times = np.bincount(places.reshape(-1), minlength=rows * n).reshape(rows, n)
        drawn.append(_mean_over_labels(times, positive, known, given, occurring=occurring, orders=orders))
    value = float(_mean_over_labels(np.ones((1, n)), positive, known, given, occurring=occurring, orders=orders)[0])
    perfect = wilson(float(positive.sum()), float(positive.sum()), confidence=confidence) if value == 1.0 else None
    measure = resampled_measure(value, np.concatenate(drawn), n=n, confidence=confidence, at_least=perfect)
    return replace(measure, reading=READINGS["truth"])


def _mean_over_labels(
    times: npt.NDArray[np.generic],
    positive: Reals,
    known: npt.NDArray[np.bool_],
    given: Reals,
    *,
    occurring: npt.NDArray[np.intp],
    orders: list[npt.NDArray[np.intp]],
) -> Reals:
    """Mean average precision (r,) of rows that count so many times (r, n), over the labels that then occur."""
    total, many = np.zeros(len(times)), np.zeros(len(times))
    for at, order in zip(occurring, orders, strict=True):
        weight = times[:, order] * known[order, at]
        hits = np.cumsum(weight * positive[order, at], axis=1)
        everyone = np.cumsum(weight, axis=1)
        score = given[order, at]
        last = np.flatnonzero(np.append(score[1:] != score[:-1], True))  # ties are let through together
        hits, everyone = hits[:, last], everyone[:, last]
        precision = np.divide(hits, everyone, out=np.zeros(hits.shape), where=everyone > 0)
        added = (precision * np.diff(hits, axis=1, prepend=0.0)).sum(axis=1)
        there = hits[:, -1] > 0
        total += np.divide(added, hits[:, -1], out=np.zeros(added.shape), where=there)
        many += there
    mean: Reals = np.divide(total, many, out=np.full(total.shape, np.nan), where=many > 0)
    return mean


def _as_tables(
    target: npt.ArrayLike, predicted: npt.ArrayLike, probabilities: npt.ArrayLike
) -> tuple[Reals, Reals, Reals]:
    true, taken, given = (np.asarray(table, dtype=np.float64) for table in (target, predicted, probabilities))
    if true.ndim != 2 or not true.shape == taken.shape == given.shape:
        raise ValueError(
            f"targets, decisions and probabilities of shapes {true.shape}, {taken.shape} and {given.shape}:"
            " all (n, k) are legal; pass one column a label."
        )
    if not np.isin(true[~np.isnan(true)], (0.0, 1.0)).all() or not np.isin(taken, (0.0, 1.0)).all():
        raise ValueError("targets or decisions are other than 0 and 1: only these are legal; decide by a threshold.")
    wrong = int(np.count_nonzero(~np.isfinite(given[~np.isnan(true)])))
    if wrong:
        raise ValueError(
            f"probabilities hold {wrong} values that are not-a-number or infinite: finite numbers are legal; find the"
            " examples they come from."
        )
    return true, taken, given
