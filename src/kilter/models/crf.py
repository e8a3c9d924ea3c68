"""A conditional random field over sequences: sparse features of each token, and what each label follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
from scipy.optimize import minimize

if TYPE_CHECKING:
    from numpy.typing import NDArray

REMEMBERED: Final = 6  # pairs of steps and slopes from which L-BFGS reckons curvature


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Weights of a linear-chain conditional random field (Lafferty, McCallum and Pereira 2001).

    Attributes:
        features: (features, k) what each feature of a token says for each label.
        begin: (k,) what says that a sequence begins with a label.
        follow: (k, k) what says that a label is followed by another one, [before, after].
    """

    features: NDArray[np.float64]
    begin: NDArray[np.float64]
    follow: NDArray[np.float64]

    def shares(self, given: Any, lengths: Sequence[int]) -> NDArray[np.float64]:
        """The probability of each label of each token, (tokens, k), with all of its sequence considered.

        Args:
            given: (tokens, features) sparse, sequences one after the other.
            lengths: tokens of each sequence.
        """
        return _Reading.of(given @ self.features, self.begin, self.follow, _places(lengths)).shares


def fit_field(
    given: Any,
    labels: NDArray[np.int64],
    lengths: Sequence[int],
    *,
    k: int,
    weights: NDArray[np.float64] | None = None,
    penalty: float = 1.0,
    iterations: int = 60,
) -> Field:
    """The field that makes the labels likeliest, less half the penalty times its squared weights; by L-BFGS.

    Args:
        given: (tokens, features) sparse, sequences one after the other.
        labels: (tokens,) numbers below k.
        lengths: tokens of each sequence.
        k: labels that there are.
        weights: what each sequence counts for.
        penalty: of the squared weights.
        iterations: at most; what is left after them is of no use to new sequences.
    """
    places = _places(lengths)
    counts = np.ones(len(lengths)) if weights is None else weights
    of_token = np.repeat(counts, lengths)
    size = given.shape[1]
    turned = given.T.tocsr()
    true = np.zeros((len(labels), k))
    true[np.arange(len(labels)), labels] = 1.0
    firsts = places[0] if places else np.zeros(0, np.int64)
    begun = (true[firsts] * of_token[firsts, None]).sum(axis=0)
    followed = np.zeros((k, k))
    for before, after in pairwise(places):
        np.add.at(followed, (labels[before[: len(after)]], labels[after]), of_token[after])

    def parted(flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        return flat[: size * k].reshape(size, k), flat[size * k : -k * k][:k], flat[-k * k :].reshape(k, k)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        features, begin, follow = parted(flat)
        scores = given @ features
        reading = _Reading.of(scores, begin, follow, places, of_token)
        said = float((scores * true).sum(axis=1) @ of_token) + float(begin @ begun) + float((follow * followed).sum())
        slopes = (
            turned @ ((reading.shares - true) * of_token[:, None]),
            (reading.shares[firsts] * of_token[firsts, None]).sum(axis=0) - begun,
            reading.pairs - followed,
        )
        slope = np.concatenate([part.reshape(-1) for part in slopes]) + penalty * flat
        return reading.log_sum - said + 0.5 * penalty * float(flat @ flat), slope

    start = np.zeros(size * k + k + k * k)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": REMEMBERED})
    features, begin, follow = parted(found.x)
    return Field(features=features, begin=begin, follow=follow)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What the forward-backward algorithm (Rabiner 1989, section III.A) says of sequences.

    Attributes:
        shares: (tokens, k) probability of each label.
        pairs: (k, k) expected number of times that a label is followed by another one.
        log_sum: the logarithm of the sum over all label sequences, added up over sequences.
    """

    shares: NDArray[np.float64]
    pairs: NDArray[np.float64]
    log_sum: float

    @staticmethod
    def of(
        scores: NDArray[np.float64],
        begin: NDArray[np.float64],
        follow: NDArray[np.float64],
        places: Sequence[NDArray[np.int64]],
        weights: NDArray[np.float64] | None = None,
    ) -> _Reading:
        """Read all sequences side by side, place by place; each place's numbers are scaled to add up to 1."""
        highest = scores.max(axis=1)
        evidence = np.exp(scores - highest[:, None])
        first, step = np.exp(begin - begin.max()), np.exp(follow - follow.max())
        ahead = np.empty_like(scores)
        scale = np.ones(len(scores))
        reached = np.zeros((0, len(begin)))
        for number, at in enumerate(places):
            known = reached[: len(at)] @ step if number else first
            reached = known * evidence[at]
            scale[at] = reached.sum(axis=1)
            reached = reached / scale[at, None]
            ahead[at] = reached
        back = np.ones_like(scores)
        pairs = np.zeros_like(follow)
        counted = np.ones(len(scores)) if weights is None else weights
        for before, after in zip(places[-2::-1], places[:0:-1], strict=True):
            told = back[after] * evidence[after] / scale[after, None]
            back[before[: len(after)]] = told @ step.T
            pairs += (ahead[before[: len(after)]] * counted[after, None]).T @ told
        firsts = places[0] if len(places) else np.zeros(0, np.int64)
        log_sum = counted @ (np.log(scale) + highest) + counted[firsts].sum() * begin.max()
        log_sum += (counted.sum() - counted[firsts].sum()) * follow.max()
        return _Reading(shares=ahead * back, pairs=pairs * step, log_sum=float(log_sum))


def _places(lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """The first token of each sequence, then the second of each that has one, and so on; the longest first."""
    sizes = np.asarray(lengths, dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    order = np.argsort(-sizes, kind="stable")
    alive = [order[: np.count_nonzero(sizes > place)] for place in range(int(sizes.max(initial=0)))]
    return [starts[rows] + place for place, rows in enumerate(alive)]
