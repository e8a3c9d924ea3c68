"""Columns of numbers as a network wants them: near 0, of size 1, without gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final, Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

Line = Literal["quantile", "standard"]
Scaling = Literal["both", "quantile", "standard"]

KNOTS: Final = 257  # quantiles at every 256th of the rows
FEW: Final = 32  # distinct values up to which a second form tells a network nothing new
OUTMOST: Final = 1e-3  # probability of the outmost knots: normal scores of at most 3.1
FARTHEST: Final = 10.0  # standard deviations; at most 1 % of training rows lie beyond (Chebyshev), and are cut off

Numbers = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumn:
    """How one column is scaled: by straight lines between knots, and flat beyond the outmost where that is said.

    Attributes:
        name: of the column.
        median: what stands for a missing or infinite value; 0 where training had no other.
        indicator: whether a second column says (1 or 0) that the value was missing or infinite; it does where
            training had such values.
        knots: values in ascending order.
        scores: what each knot becomes.
        flat: whether values beyond the outmost knots become their scores; else the line goes on.
    """

    name: str
    median: float
    indicator: bool
    knots: tuple[float, ...]
    scores: tuple[float, ...]
    flat: bool

    @staticmethod
    def fit(values: Numbers, *, name: str, line: Line) -> NumberColumn:
        """The scaling of a training column (n,); infinities count as missing, a constant column becomes 0.

        `quantile`: normal scores of the quantiles, standardised; equal values share the mean of their ranks. It is
        not bent by heavy tails (Gorishniy et al. 2021, section 4.2, use it for networks on tables). `standard`: the
        mean becomes 0 and the standard deviation 1.
        """
        finite = values[np.isfinite(values)]
        indicator = 0 < finite.size < values.size
        median = float(np.median(finite)) if finite.size else 0.0
        knots, scores, flat = (_quantiles if line == "quantile" else _moments)(finite)
        return NumberColumn(name=name, median=median, indicator=indicator, knots=knots, scores=scores, flat=flat)

    @property
    def width(self) -> int:
        """Columns that come of it: 1, or 2 with the indicator."""
        return 1 + self.indicator

    def encode(self, values: Numbers) -> list[NDArray[np.float32]]:
        """The scaled column, and the indicator where there is one; each (n,) float32."""
        known = np.isfinite(values)
        filled = np.where(known, values, self.median)
        if self.flat:
            # a quarter of each, so that no difference of doubles overflows; dividing by 4 loses nothing
            scaled = np.interp(filled / 4, np.array(self.knots) / 4, self.scores)
        else:
            (low, high), (start, end) = self.knots, self.scores
            with np.errstate(over="ignore"):  # what overflows is cut off below
                scaled = start + (filled - low) * ((end - start) / (high - low))
            scaled = np.clip(scaled, -FARTHEST, FARTHEST)
        columns = [scaled.astype(np.float32)]
        if self.indicator:
            columns.append((~known).astype(np.float32))
        return columns


def scalings(values: Numbers, *, name: str, scaling: Scaling) -> tuple[NumberColumn, ...]:
    """The one or two scalings of a training column.

    `both` gives a network the quantile and the standard form: the one shows the order even in a heavy tail, the
    other the distances. Columns of few values have the first form alone; the second has no indicator of its own.
    """
    if scaling != "both":
        return (NumberColumn.fit(values, name=name, line=scaling),)
    first, second = (NumberColumn.fit(values, name=name, line=line) for line in ("quantile", "standard"))
    # counted over the rows: a column that is 0 nearly everywhere has few knots and may have many values
    distinct = np.unique(values[np.isfinite(values)]).size
    return (first, replace(second, indicator=False)) if distinct > FEW else (first,)


class _Knots(NamedTuple):
    knots: tuple[float, ...]
    scores: tuple[float, ...]
    flat: bool


def _quantiles(finite: Numbers) -> _Knots:
    """Knots at quantiles, one for each distinct value; scores of mean 0 and deviation 1 over the rows."""
    if not finite.size or finite.min() == finite.max():
        return _constant(finite)
    probabilities = np.linspace(0, 1, min(KNOTS, finite.size))
    quantiles = np.quantile(finite, probabilities, method="inverted_cdf")  # values that were there, no means of them
    knots, first, counts = np.unique(quantiles, return_index=True, return_counts=True)
    if knots.size == 1:  # one value in nearly all rows
        return _moments(finite)
    ranks = probabilities[first] + (probabilities[first + counts - 1] - probabilities[first]) / 2
    normal = NormalDist()
    scores = np.array([normal.inv_cdf(min(max(rank, OUTMOST), 1 - OUTMOST)) for rank in ranks.tolist()])
    over_rows = np.interp(finite / 4, knots / 4, scores)
    scores = (scores - over_rows.mean()) / over_rows.std()
    return _Knots(tuple(knots.tolist()), tuple(scores.tolist()), flat=True)


def _moments(finite: Numbers) -> _Knots:
    """Two knots: the mean becomes 0, and a standard deviation above it 1."""
    if not finite.size or finite.min() == finite.max():
        return _constant(finite)
    size = np.abs(finite).max()  # squares of the largest doubles would overflow
    center, deviation = float((finite / size).mean() * size), float((finite / size).std() * size)
    if center + deviation == center:  # a spread below double precision
        return _constant(finite)
    return _Knots((center, center + deviation), (0.0, 1.0), flat=False)


def _constant(finite: Numbers) -> _Knots:
    return _Knots((float(finite[0]) if finite.size else 0.0,), (0.0,), flat=True)
