"""Two traits together: examples that have both, and are worse off than those that have only one of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.evaluation.traits import Trait
from kilter.metrics.contingency import fisher_p_value
from kilter.metrics.significance import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST: Final = 30  # traits of which each two are looked at, those nearest to half of the examples first
EACH: Final = 3  # traits of one thing, such as cuts of one number, that are among them
CLEAR: Final = 2.5  # standard deviations below which a pair is not tested exactly, and counts as one that is not worse
_AT_ONCE: Final = 65_536  # examples whose traits are held as numbers at a time


class Together(NamedTuple):
    """Pairs of traits, and their p-values, corrected for all pairs that were looked at."""

    traits: tuple[Trait, ...]
    p_values: NDArray[np.float64]
    looked_at: int


class Sums(NamedTuple):
    """Of each two traits (t, t), of the examples that have both: how many, their losses, and these squared."""

    n: NDArray[np.float64]
    lost: NDArray[np.float64]
    squared: NDArray[np.float64]


def together(found: Sequence[Trait], merit: NDArray[np.float64], *, fewest: int, level: float) -> Together:
    """Pairs of traits whose examples do worse than the rest, than those with only the one, and only the other trait.

    The p-value is the largest of the three, so that each of them is rejected (Berger 1982, Multiparameter hypothesis
    testing and acceptance sampling, Technometrics 24), and Holm's procedure corrects it for all pairs that had enough
    examples. Which traits are paired is decided without looking at merits. Merits of 0 and 1 are tested exactly
    (Fisher); of others, their ranks are compared (Wilcoxon 1945), whose tails do not hang on a few large losses.

    Args:
        found: traits of n examples.
        merit: (n,) of the examples; larger is better.
        fewest: examples with both traits, and with only the one or the other.
        level: the largest p-value that is returned.
    """
    chosen = _balanced(found)
    if len(chosen) < 2:
        return Together((), np.zeros(0), 0)
    binary = bool(((merit == 0) | (merit == 1)).all())
    lost = 1 - merit if binary else _ranks(-merit)
    sums = _sums(np.stack([trait.inside for trait in chosen]), lost)
    enough = np.array([[one.of != other.of or not one.of for other in chosen] for one in chosen])
    alone = np.diag(sums.n)[:, None] - sums.n
    enough &= np.minimum(sums.n, np.minimum(alone, alone.T)) >= fewest
    left, right = np.nonzero(np.triu(enough, 1))
    if not len(left):
        return Together((), np.zeros(0), 0)
    one, other = _below(sums, left, right), _below(sums, right, left)
    clear = np.flatnonzero(np.minimum(one, other) >= CLEAR)
    p_values = np.ones(len(left))
    for at in clear.tolist():
        i, j = int(left[at]), int(right[at])
        if binary:
            p_values[at] = max(_exact(sums, i, j, sums.n[k, k], sums.lost[k, k]) for k in (i, j))
            p_values[at] = max(p_values[at], _exact(sums, i, j, len(merit), float(lost.sum())))
        else:
            p_values[at] = max(_beyond(one[at]), _beyond(other[at]), _beyond(_below_all(sums, i, j, lost)))
    corrected = holm(p_values.tolist())
    kept = np.flatnonzero(corrected <= level).tolist()
    return Together(
        tuple(_both(chosen[left[at]], chosen[right[at]]) for at in kept), np.asarray(corrected)[kept], len(left)
    )


def _balanced(found: Sequence[Trait]) -> list[Trait]:
    """Traits that leave most to a second one: those nearest to half of the examples, a few of each thing."""
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    shares = [abs(float(trait.inside.mean()) - 0.5) for trait in found]
    for at in np.argsort(shares, kind="stable").tolist():
        trait = found[at]
        taken[trait.of] += 1
        if len(chosen) < MOST and (taken[trait.of] <= EACH or not trait.of):
            chosen.append(at)
    return [found[at] for at in sorted(chosen)]


def _sums(masks: NDArray[np.bool_], lost: NDArray[np.float64]) -> Sums:
    n, total, squared = np.zeros((3, len(masks), len(masks)))
    for start in range(0, masks.shape[1], _AT_ONCE):
        part, of_part = masks[:, start : start + _AT_ONCE].astype(np.float64), lost[start : start + _AT_ONCE]
        n += part @ part.T
        total += (part * of_part) @ part.T
        squared += (part * of_part**2) @ part.T
    return Sums(n, total, squared)


def _below(sums: Sums, one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.float64]:
    """How many standard deviations more is lost with both traits than among all that have the one (pairs,)."""
    return _deviation(
        sums.n[one, other], sums.lost[one, other], sums.n[one, one], sums.lost[one, one], sums.squared[one, one]
    )


def _below_all(sums: Sums, one: int, other: int, lost: NDArray[np.float64]) -> float:
    of, total, squared = (np.array([whole], np.float64) for whole in (len(lost), lost.sum(), (lost**2).sum()))
    pair = np.array([one]), np.array([other])
    return float(_deviation(sums.n[pair], sums.lost[pair], of, total, squared)[0])


def _deviation(
    n: NDArray[np.float64],
    lost: NDArray[np.float64],
    of: NDArray[np.float64],
    lost_of: NDArray[np.float64],
    squared_of: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Of the mean of n drawn without return from so many (Cochran 1977, Sampling techniques, theorem 2.2)."""
    variance = np.maximum(squared_of - lost_of**2 / of, 0) / (of - 1)
    error = np.sqrt(variance * (of - n) / (of * n))
    gap = lost / n - lost_of / of
    deviation: NDArray[np.float64] = np.where(error > 0, gap / np.where(error > 0, error, 1), 0)
    return deviation


def _exact(sums: Sums, one: int, other: int, of: float, lost_of: float) -> float:
    """Fisher's p-value of the examples with both traits against the rest of so many."""
    n, lost = round(sums.n[one, other]), round(sums.lost[one, other])
    return fisher_p_value(lost, n, round(lost_of) - lost, round(of) - n)


def _beyond(deviation: float) -> float:
    from scipy.special import ndtr

    return float(ndtr(-deviation))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean ranks, from 0 to 1."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)] / len(values)
    return ranks


def _both(one: Trait, other: Trait) -> Trait:
    masked = f"{one.masked or one.name} and {other.masked or other.name}" if one.masked or other.masked else ""
    return Trait(
        f"{one.name} and {other.name}",
        f"{one.said} and {other.said}",
        one.inside & other.inside,
        masked,
        f"{one.of} and {other.of}",
    )
