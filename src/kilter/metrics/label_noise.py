"""Labels that are probably wrong, by confident learning from probabilities that never saw them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from kilter.metrics.inputs import Integers, Reals, as_classes, as_probabilities, refuse_confidence, refuse_resamples
from kilter.metrics.measure import Measure
from kilter.metrics.resampling import Seed, resample_cells

Prune = Literal["noise rate", "class", "both"]
Rank = Literal["self-confidence", "normalised margin"]

FEWEST = 1e-12  # a mean probability up to which a class was never believed in, so that it suspects nothing


def class_thresholds(given: npt.ArrayLike, probabilities: npt.ArrayLike) -> Reals:
    """How probable a class must be to count as likely: the mean over the examples that are given it; shape (k,).

    Northcutt, Jiang and Chuang 2021, Confident learning: estimating uncertainty in dataset labels, JAIR 70, section
    3.1. A class that is given to no example, or whose own examples never have any probability of it, is never likely:
    its threshold is infinite.

    >>> class_thresholds([0, 0, 1], [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]).tolist()
    [0.7, 0.8]

    Args:
        given: the labels as they are, (n,) class indices.
        probabilities: (n, k) of models that were not fitted on the example.

    Raises ValueError for anything else.
    """
    labels, shares = _checked(given, probabilities)
    return _thresholds(labels, shares)


def likely_classes(given: npt.ArrayLike, probabilities: npt.ArrayLike) -> Integers:
    """The class that each example confidently is of: the most probable of those that reach their threshold, or -1.

    >>> likely_classes([0, 0, 1], [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]).tolist()
    [0, -1, 1]

    Raises ValueError as `class_thresholds` does.
    """
    labels, shares = _checked(given, probabilities)
    return _likely(shares, _thresholds(labels, shares))


def confident_joint(given: npt.ArrayLike, probabilities: npt.ArrayLike) -> Reals:
    """How many examples are given class i and are of class j, estimated: (k, k), adding up to n (section 3.1, eq. 3).

    Examples are counted by the class that they confidently are of, and each row is scaled to the number of examples
    that are given its class. Of a class none of whose examples is confidently anything, all are taken to be right.

    Raises ValueError as `class_thresholds` does.
    """
    labels, shares = _checked(given, probabilities)
    return _joint(labels, _likely(shares, _thresholds(labels, shares)), shares.shape[1])


def noise_rate(
    given: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: Seed = 0,
) -> Measure:
    """The share of wrong labels as the joint has it, with the interval of drawing other examples.

    Thresholds stay as they are in each resample. Where the model is confidently wrong itself, the examples count as
    wrong labels, which no interval tells; the value is an upper guess of a model that errs often.

    Raises ValueError as `class_thresholds` does, and for a confidence outside 0 to 1 or less than 1 resample.
    """
    labels, shares = _checked(given, probabilities)
    refuse_confidence(confidence)
    refuse_resamples(resamples)
    n, classes = shares.shape
    if not n:
        return Measure(undefined="no examples", n=0, confidence=confidence)
    likely = _likely(shares, _thresholds(labels, shares))
    likely = np.where(likely < 0, classes, likely)  # those that are confidently nothing, in a column of their own
    table = np.bincount(labels * (classes + 1) + likely, minlength=classes * (classes + 1))
    seen = np.flatnonzero(table)
    value = float(_rates(table[None, seen], seen, classes)[0])
    drawn = [_rates(chunk, seen, classes) for chunk in resample_cells(table[seen], resamples=resamples, seed=seed)]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(drawn), [tail, 1 - tail]).tolist()
    return Measure(
        value=value, low=min(low, value), high=max(high, value), n=n, confidence=confidence, method="resampling"
    )


def suspects(
    given: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    prune: Prune = "noise rate",
    rank: Rank = "self-confidence",
) -> Integers:
    """The examples whose label is probably wrong, the most suspicious first; row numbers (m,).

    As many are taken as the joint says that there are (section 3.2): by `noise rate`, for each pair of a given class i
    and another class j those in which j is farthest ahead of i; by `class`, for each given class those that are least
    probably of it; `both` takes what both take. An example whose label is the most probable one is never a suspect.

    Args:
        given: the labels as they are, (n,) class indices.
        probabilities: (n, k) of models that were not fitted on the example.
        prune: which examples are taken.
        rank: in which order: the least probability of the given label first, or the smallest lead of it over all others
            (section 3.2.1).

    Raises ValueError as `class_thresholds` does, and for another way of pruning or ranking.
    """
    labels, shares = _checked(given, probabilities)
    _refuse_unknown("prune", prune, get_args(Prune))
    order = np.argsort(_suspicion(labels, shares, rank), kind="stable")
    joint = _joint(labels, _likely(shares, _thresholds(labels, shares)), shares.shape[1])
    taken = np.ones(len(labels), dtype=np.bool_)
    if prune in {"noise rate", "both"}:
        taken &= _by_noise_rate(labels, shares, joint)
    if prune in {"class", "both"}:
        taken &= _by_class(labels, shares, joint)
    taken &= _own(labels, shares) < shares.max(axis=1, initial=0.0)
    return order[taken[order]].astype(np.int64)


def ranked(given: npt.ArrayLike, probabilities: npt.ArrayLike, *, rank: Rank = "self-confidence") -> Integers:
    """All examples, those whose label is least believed first; row numbers (n,).

    Raises ValueError as `class_thresholds` does, and for another way of ranking.
    """
    labels, shares = _checked(given, probabilities)
    return np.argsort(_suspicion(labels, shares, rank), kind="stable").astype(np.int64)


def _checked(given: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[Integers, Reals]:
    array = np.asarray(probabilities)
    if array.ndim != 2 or array.shape[1] < 2:
        raise ValueError(
            f"probabilities have shape {array.shape}: (examples, classes) with two classes or more is legal;"
            " pass one column for each class, of two classes also that of the first."
        )
    labels = as_classes("given", given, array.shape[1])
    shares = as_probabilities("probabilities", array, examples=len(labels), classes=array.shape[1])
    return labels.astype(np.int64), shares.astype(np.float64)


def _thresholds(labels: Integers, shares: Reals) -> Reals:
    classes = shares.shape[1]
    sizes = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, weights=_own(labels, shares), minlength=classes)
    means: Reals = sums / np.maximum(sizes, 1)
    return np.where(means > FEWEST, means, np.inf)


def _likely(shares: Reals, thresholds: Reals) -> Integers:
    # a mean of equal numbers may come out one bit above them
    reached = shares >= thresholds * (1 - 1e-12)
    found: Integers = np.where(reached.any(axis=1), np.where(reached, shares, -1.0).argmax(axis=1), -1)
    return found


def _joint(labels: Integers, likely: Integers, classes: int) -> Reals:
    confident = likely >= 0
    counts = np.bincount(labels[confident] * classes + likely[confident], minlength=classes * classes)
    table = counts.reshape(classes, classes).astype(np.float64)
    silent = table.sum(axis=1) == 0
    table[silent, silent] = 1.0  # no evidence against any of them
    sizes = np.bincount(labels, minlength=classes)
    joint: Reals = table / table.sum(axis=1, keepdims=True) * sizes[:, None]
    return joint


def _rates(tables: npt.NDArray[np.int64], seen: npt.NDArray[np.intp], classes: int) -> Reals:
    """Shares of wrong labels (r,) in tables of counts (r, cells seen) by given class and likely class, or none."""
    given, likely = np.divmod(seen, classes + 1)
    one_hot = np.eye(classes)[given]  # (cells, classes)
    sizes = tables @ one_hot
    confident = tables @ (one_hot * (likely < classes)[:, None])
    wrong = tables @ (one_hot * ((likely < classes) & (likely != given))[:, None])
    rates: Reals = (sizes * wrong / np.maximum(confident, 1)).sum(axis=1) / np.maximum(sizes.sum(axis=1), 1)
    return rates


def _own(labels: Integers, shares: Reals) -> Reals:
    """The probability of the given label (n,): its self-confidence."""
    own: Reals = shares[np.arange(len(labels)), labels]
    return own


def _suspicion(labels: Integers, shares: Reals, rank: str) -> Reals:
    """Numbers (n,), the smallest of the most suspicious example."""
    _refuse_unknown("rank", rank, get_args(Rank))
    own = _own(labels, shares)
    if rank == "self-confidence":
        return own
    others = shares.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    lead: Reals = own - others.max(axis=1, initial=-np.inf)
    return lead


def _by_noise_rate(labels: Integers, shares: Reals, joint: Reals) -> npt.NDArray[np.bool_]:
    taken = np.zeros(len(labels), dtype=np.bool_)
    wanted = np.rint(joint).astype(np.int64)
    for own in range(len(joint)):
        rows = np.flatnonzero(labels == own)
        for other in np.flatnonzero(wanted[own]).tolist():
            if other != own:
                lead = shares[rows, own] - shares[rows, other]
                taken[rows[np.argsort(lead, kind="stable")[: wanted[own, other]]]] = True
    return taken


def _by_class(labels: Integers, shares: Reals, joint: Reals) -> npt.NDArray[np.bool_]:
    taken = np.zeros(len(labels), dtype=np.bool_)
    wrong = np.rint(joint.sum(axis=1) - np.diag(joint)).astype(np.int64)
    for own in np.flatnonzero(wrong).tolist():
        rows = np.flatnonzero(labels == own)
        taken[rows[np.argsort(shares[rows, own], kind="stable")[: wrong[own]]]] = True
    return taken


def _refuse_unknown(name: str, met: str, legal: tuple[str, ...]) -> None:
    if met not in legal:
        raise ValueError(f"{name} = {met!r}: {', '.join(legal)} are legal; pass one of them.")
