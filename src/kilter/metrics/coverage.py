"""What simulations have shown of intervals: where one of nominal 95 % does not hold the true value in 93 to 97 %."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from kilter.metrics.measure import Measure

CONFIDENCE: Final = 0.95  # the simulations are of such intervals
HOLDS: Final = (0.93, 0.97)  # shares of intervals that hold the true value; what is outside is told
TABLE: Final = "coverage.json"  # beside this file; `benchmarks/coverage_of_intervals.py --table` writes it

Shares = tuple[float, float]
Table = Mapping[str, Mapping[str, Mapping[int, Shares]]]


def caution(name: str, measure: Measure) -> str | None:
    """What simulations have shown of the interval of a score of this name, where it does not hold what it says.

    The simulations are those of the measured size next below the measure's n (of the smallest one, where n is less),
    among data sets that strain the interval as these do, if they do. Several data sets were simulated for each score,
    and the worst counts. None where the interval holds, where there is none, where it is of another confidence than
    95 %, and where no simulation was made of such a score.

    >>> caution("accuracy", Measure(value=0.8, low=0.75, high=0.85, n=300, method="wilson"))

    Args:
        name: of the score, as reports call it; of `price.rmse`, what stands behind the last point counts.
        measure: what was measured.
    """
    if measure.low is None or measure.confidence != CONFIDENCE:
        return None
    sizes = measured().get(name.rpartition(".")[2], {}).get(measure.strained, {})
    if not sizes:
        return None
    size = max((size for size in sizes if size <= measure.n), default=min(sizes))
    lowest, highest = sizes[size]
    of = f"simulated data sets of {size:,} examples{f' with {measure.strained}' if measure.strained else ''}"
    if lowest < HOLDS[0]:
        return f"such intervals held the true value in {lowest:.1%} of {of}, not in {CONFIDENCE:.0%}: take it for wider"
    if highest > HOLDS[1]:
        return f"such intervals held the true value in {highest:.1%} of {of}: it is wider than {CONFIDENCE:.0%} needs"
    return None


@cache
def measured() -> Table:
    """The shares of intervals that held the true value, by score, by what strained it, by size."""
    text = resources.files("kilter.metrics").joinpath(TABLE).read_text("utf-8")
    return {
        name: {
            strained: {int(size): (shares[0], shares[1]) for size, shares in sizes.items()}
            for strained, sizes in kinds.items()
        }
        for name, kinds in json.loads(text).items()
    }
