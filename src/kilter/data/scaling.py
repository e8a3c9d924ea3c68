"""Columns of numbers as a network wants them: near 0, of size 1, without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

Scaling = Literal["quantile", "standard"]

KNOTS: Final = 257  # quantiles at every 256th of the rows
OUTMOST: Final = 1e-3  # probability of the outmost knots: normal scores of at most 3.1
FARTHEST: Final = 1e4  # standard deviations beyond which a value is cut off; float32 squares it without loss

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
    def fit(values: Numbers, *, name: str, scaling: Scaling) -> NumberColumn:
        """The scaling of a training column (n,); infinities count as missing, a constant column becomes 0.

        `quantile`: normal scores of the quantiles, standardised; equal values share the mean of their ranks. It is
        not bent by heavy tails (Gorishniy et al. 2021, section 4.2, use it for networks on tables). `standard`: the
        mean becomes 0 and the standard deviation 1.
        """
        finite = values[np.isfinite(values)]
        indicator = 0 < finite.size < values.size
        median = float(np.median(finite)) if finite.size else 0.0
        line = (_quantiles if scaling == "quantile" else _moments)(finite)
        return NumberColumn(
            name=name, median=median, indicator=indicator, knots=line.knots, scores=line.scores, flat=line.flat
        )

    @property
    def width(self) -> int:
        """Columns that come of it: 1, or 2 with the indicator."""
        return 1 + self.indicator

    def encode(self, values: Numbers) -> list[NDArray[np.float32]]:
        """The scaled column, and the indicator where there is one; each (n,) float32."""
        known = np.isfinite(values)
        filled = np.where(known, values, self.median)
        if self.flat:
            scaled = np.interp(filled, self.knots, self.scores)
        else:
            (low, high), (start, end) = self.knots, self.scores
            with np.errstate(over="ignore"):  # what overflows is cut off below
                scaled = start + (filled - low) * ((end - start) / (high - low))
            scaled = np.clip(scaled, -FARTHEST, FARTHEST)
        columns = [scaled.astype(np.float32)]
        if self.indicator:
            columns.append((~known).astype(np.float32))
        return columns


class _Line(NamedTuple):
    knots: tuple[float, ...]
    scores: tuple[float, ...]
    flat: bool


def _quantiles(finite: Numbers) -> _Line:
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
    over_rows = np.interp(finite, knots, scores)
    scores = (scores - over_rows.mean()) / over_rows.std()
    return _Line(tuple(knots.tolist()), tuple(scores.tolist()), flat=True)


def _moments(finite: Numbers) -> _Line:
    """Two knots: the mean becomes 0, and a standard deviation above it 1."""
    if not finite.size or finite.min() == finite.max():
        return _constant(finite)
    size = np.abs(finite).max()  # squares of the largest doubles would overflow
    center, deviation = float((finite / size).mean() * size), float((finite / size).std() * size)
    if center + deviation == center:  # a spread below double precision
        return _constant(finite)
    return _Line((center, center + deviation), (0.0, 1.0), flat=False)


def _constant(finite: Numbers) -> _Line:
    return _Line((float(finite[0]) if finite.size else 0.0,), (0.0,), flat=True)
