"""Scores of decisions among classes: from what was decided, and from the probabilities it was decided by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kilter.metrics.confusion import Labels, count_scores
from kilter.metrics.inputs import Integers, as_answers, as_classes, as_probabilities, refuse_unequal_lengths
from kilter.metrics.intervals import bootstrap_mean, proportion
from kilter.metrics.measure import Measure
from kilter.metrics.ranking import average_precision, one_vs_rest_auc, roc_auc
from kilter.metrics.resampling import Seed


def joint_counts(target: npt.ArrayLike, predicted: npt.ArrayLike, classes: int) -> Integers:
    """How many examples of class i were taken for class j: shape (classes, classes), in one pass over (n,) indices.

    >>> joint_counts([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]

    Raises ValueError for fewer than two classes, and for indices of unequal length, not whole, or out of range.
    """
    if classes < 2:
        raise ValueError(f"classes = {classes!r}: two or more are legal; with one there is nothing to decide.")
    true = as_classes("target", target, classes)
    taken = as_classes("predicted", predicted, classes)
    refuse_unequal_lengths(target=true, predicted=taken)
    return np.bincount(true * classes + taken, minlength=classes * classes).reshape(classes, classes)


def classification_scores(
    target: npt.ArrayLike,
    predicted: npt.ArrayLike,
    classes: int,
    *,
    probabilities: npt.ArrayLike | None = None,
    labels: Labels = "observed",
    top: tuple[int, ...] = (),
    one_vs_rest: bool = False,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, Measure]:
    """All scores of decisions by name: those of `count_scores`, and with probabilities those that need them.

    `target` and `predicted` are class indices (n,), `probabilities` has shape (n, classes). With them come
    `log_loss`; for two classes `roc_auc` and `average_precision` of the second class; `top_k_accuracy` for each k in
    `top`, named like `top_5_accuracy`; and `roc_auc` as the mean over each class against the rest if `one_vs_rest`.
    Scores of single classes are `class_scores` of the joint counts. `labels` names what a macro average is taken
    over, see `labels_read`. `resamples` are those of the joint counts.

    >>> scores = classification_scores([0, 0, 1, 1], [0, 1, 1, 1], 2)
    >>> print(scores["accuracy"])
    0.75 [0.3006, 0.9544]

    Raises ValueError for inputs that do not fit each other, and for options that could take no effect.
    """
    if probabilities is None and (top or one_vs_rest):
        raise ValueError(
            f"top = {top!r}, one_vs_rest = {one_vs_rest!r} without probabilities: both need them to take effect;"
            " pass probabilities of shape (n, classes), or leave the options out."
        )
    if one_vs_rest and classes == 2:
        raise ValueError("one_vs_rest with 2 classes: 3 or more are legal; leave it out, roc_auc is given anyway.")
    scores = count_scores(
        joint_counts(target, predicted, classes), labels=labels, confidence=confidence, resamples=resamples, seed=seed
    )
    if probabilities is None:
        return scores
    table = as_probabilities("probabilities", probabilities, examples=np.size(target), classes=classes)
    scores["log_loss"] = log_loss(target, table, confidence=confidence, seed=seed)
    for k in top:
        scores[f"top_{k}_accuracy"] = top_k_accuracy(target, table, k, confidence=confidence, seed=seed)
    if classes == 2:
        scores["roc_auc"] = roc_auc(target, table[:, 1], confidence=confidence)
        scores["average_precision"] = average_precision(target, table[:, 1], confidence=confidence, seed=seed)
    elif one_vs_rest:
        scores["roc_auc"] = one_vs_rest_auc(target, table, confidence=confidence)
    return scores


def log_loss(
    target: npt.ArrayLike, probabilities: npt.ArrayLike, *, confidence: float = 0.95, seed: Seed = 0
) -> Measure:
    """The mean of -log(probability given to the true class), in nats, with its bootstrap interval.

    A probability of exactly 0 for a true class makes the loss infinite, and the measure undefined: nothing is
    clipped. A softmax in single precision underflows to 0 at a distance of about 104 between logits, in double
    precision at about 745.

    >>> round(log_loss([0, 1], [[0.5, 0.5], [0.5, 0.5]]).value, 4)
    0.6931

    Raises ValueError for targets out of range, and probabilities that are none or of another shape.
    """
    given = _given_to_truth(target, probabilities)[0]
    impossible = given.size - np.count_nonzero(given)
    if impossible:
        return Measure(
            undefined=f"{impossible} of {given.size} true classes were given a probability of 0: the loss is infinite",
            n=given.size,
            confidence=confidence,
        )
    return bootstrap_mean(-np.log(given, dtype=np.float64), confidence=confidence, seed=seed)


def top_k_accuracy(
    target: npt.ArrayLike, probabilities: npt.ArrayLike, k: int, *, confidence: float = 0.95, seed: Seed = 0
) -> Measure:
    """The share of examples whose true class is among the k most probable, with its interval.

    Classes of equal probability are taken in random order, and an example counts with its chance of being among the
    first k; without such ties at the k-th place the interval is Wilson's, otherwise that of the bootstrap.

    >>> top_k_accuracy([0, 1], [[0.2, 0.5, 0.3], [0.2, 0.5, 0.3]], 1).value
    0.5

    Raises ValueError unless 1 <= k < classes, and as `log_loss` does.
    """
    given, table = _given_to_truth(target, probabilities)
    if not 1 <= k < table.shape[1]:
        raise ValueError(
            f"k = {k!r} with {table.shape[1]} classes: 1 to {table.shape[1] - 1} are legal;"
            " from the number of classes on every answer is right."
        )
    before = np.count_nonzero(table > given[:, None], axis=1)
    tied = np.count_nonzero(table == given[:, None], axis=1)  # the true class itself included
    chance = np.clip((k - before) / tied, 0.0, 1.0)
    if np.isin(chance, (0.0, 1.0)).all():
        return proportion(int(chance.sum()), chance.size, confidence=confidence)
    return bootstrap_mean(chance, confidence=confidence, seed=seed)


def _given_to_truth(
    target: npt.ArrayLike, probabilities: npt.ArrayLike
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """The probability of each example's true class (n,), and the checked table (n, classes)."""
    true, table = as_answers(target, probabilities)
    return table[np.arange(true.size), true], table
