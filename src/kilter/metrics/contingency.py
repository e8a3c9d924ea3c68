"""Whether something is more frequent in one part of a sample than in the rest."""

from __future__ import annotations

import math

import numpy as np

# Beyond so many standard deviations and counts on top, all terms together are less than exp(-70) of the sum, by the
# inequality of Bernstein, which holds for draws without return (Hoeffding 1963, section 6).
FAR = 40.0
BEYOND = 50.0


def fisher_p_value(inside: int, n_inside: int, outside: int, n_outside: int) -> float:
    """How often chance alone puts `inside` or more of all cases into a part of `n_inside` examples.

    The exact one-sided test of Fisher (1934, Statistical Methods for Research Workers, section 21.02): with the number
    of cases and the size of the part given, the cases of the part follow the hypergeometric distribution.

    >>> round(fisher_p_value(3, 4, 1, 4), 6)
    0.242857

    Args:
        inside: cases in the part.
        n_inside: examples in the part.
        outside: cases in the rest.
        n_outside: examples in the rest.

    Raises ValueError for counts below 0, or more cases than examples.
    """
    if min(inside, outside) < 0 or inside > n_inside or outside > n_outside:
        raise ValueError(
            f"{inside} of {n_inside} and {outside} of {n_outside}: from 0 to the number of examples is legal;"
            " count cases among the examples."
        )
    cases, n = inside + outside, n_inside + n_outside
    if inside <= max(0, cases - n_outside):
        return 1.0
    mean = n_inside * cases / n
    deviation = math.sqrt(mean * (1 - cases / n) * n_outside / max(1, n - 1))
    far = int(FAR * deviation + BEYOND) + 1  # terms fall off from the mean, and from `inside` on still faster
    first, last = max(inside, int(mean) - far), min(cases, n_inside, max(inside, int(mean)) + far)
    counts = np.arange(first, last + 1)
    logs = _log_choose(cases, counts) + _log_choose(n - cases, n_inside - counts) - _log_choose(n, n_inside)
    return float(min(1.0, math.fsum(np.exp(logs).tolist())))


def binomial_p_value(successes: int, trials: int, share: float) -> float:
    """How often `trials` independent trials succeed so many times or more, where each does with this probability.

    The exact one-sided binomial test; 1 without trials.

    >>> round(binomial_p_value(9, 10, 0.5), 6)
    0.010742

    Raises ValueError for counts or a probability that cannot be.
    """
    from scipy import special

    if not 0 <= successes <= trials or not 0 <= share <= 1:
        raise ValueError(
            f"{successes} of {trials} at {share:.4g}: from 0 to all of them, and a probability from 0 to 1, are legal;"
            " count successes among the trials."
        )
    return 1.0 if successes == 0 else float(special.bdtrc(successes - 1, trials, share))


def _log_choose(
    n: int, k: np.ndarray[tuple[int], np.dtype[np.int64]] | int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from scipy import special

    kept = np.asarray(k, np.float64)
    chosen: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        special.gammaln(n + 1.0) - special.gammaln(kept + 1) - special.gammaln(n - kept + 1)
    )
    return chosen
