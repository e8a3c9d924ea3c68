"""Where a curve of two recorded runs parts by more than its noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.checks.curves.series import noise
from kilter.values.curve_names import BATCH, EPOCH, INPUT_SIZE, direction
from kilter.values.diagnosis import Parting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.history import Curve

_FEWEST: Final = 5
"""Points of each curve over the steps that both have."""
_WINDOWS: Final = (40, 20, 10, 5)
"""Into how many a curve is cut: finely to say where two part, coarsely where only much averaging tells them apart."""
_SIGMAS: Final = 4.0
"""Standard errors of a difference, in two windows in a row and the last: by chance less than one in a million."""
_LEAST: Final = 0.01
"""Of the range of both curves: what is less is not worth a word, however certain."""


def part(left: Curve, right: Curve, names: tuple[str, str]) -> Parting | None:
    """Where a curve of two runs parts; None where fewer than five points of each lie over common steps.

    Both are cut into windows of the same steps, fewer where the difference is small. The standard error of a window's
    mean comes from the second differences of the curve, and is no less than what the means of windows show about their
    own trend, so that a slow wander (a smoothed loss) is no difference. They part at the first window of the last
    stretch in which they never change sides: two windows in a row, and the last two, beyond four standard errors.

    >>> from kilter.values.history import History
    >>> falling = History.of((step, {"train.loss": 4.0 / step}) for step in range(1, 101))["train.loss"]
    >>> part(falling, falling, ("a", "b")).step is None
    True
    """
    finite = [curve.steps[np.isfinite(curve.values)] for curve in (left, right)]
    if not all(len(steps) for steps in finite):
        return None
    begin, end = max(int(steps[0]) for steps in finite), min(int(steps[-1]) for steps in finite)
    curves = [_between(curve, begin, end) for curve in (left, right)]
    shorter = min(curves, key=lambda curve: len(curve[0]))[0]
    if len(shorter) < _FEWEST:
        return None
    least = _LEAST * max(float(np.ptp(values)) for _, values in curves)
    found = [_compare(curves, shorter, count, least) for count in _WINDOWS if count <= len(shorter)]
    step, difference, error = next((one for one in found if one.step is not None), found[0])
    merit = direction(left.name) * difference if step is not None else 0.0
    return Parting(
        curve=left.name,
        left=names[0],
        right=names[1],
        step=step,
        until=end,
        difference=difference,
        error=error,
        better=names[0] if merit > 0 else names[1] if merit < 0 else "",
    )


class _Compared(NamedTuple):
    step: int | None
    difference: float
    error: float


def _compare(
    curves: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]],
    shorter: NDArray[np.int64],
    count: int,
    least: float,
) -> _Compared:
    """The curves in so many windows: where they part, and how far apart they end."""
    # Edges at steps of the shorter curve, so that each window has a point of it.
    starts = shorter[np.linspace(0, len(shorter), count, endpoint=False).astype(np.int64)]
    (level, error), (other, other_error) = (_levels(steps, values, starts) for steps, values in curves)
    known = np.flatnonzero(np.isfinite(level - other))
    differences, errors = (level - other)[known], np.hypot(error, other_error)[known]
    apart = np.where(np.abs(differences) > np.maximum(_SIGMAS * errors, least), np.sign(differences), 0.0)
    return _Compared(_first_apart(apart, starts[known]), float(differences[-1]), float(errors[-1]))


def _between(curve: Curve, begin: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    kept = (curve.steps >= begin) & (curve.steps <= end) & np.isfinite(curve.values)
    return curve.steps[kept], curve.values[kept]


def _levels(
    steps: NDArray[np.int64], values: NDArray[np.float64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of each window and its standard error; not-a-number for a window without a point."""
    edges = np.append(np.searchsorted(steps, starts), len(steps))
    counts = np.diff(edges)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (sums[edges[1:]] - sums[edges[:-1]]) / np.where(counts > 0, counts, np.nan)
    around = [values[edges[max(0, at - 1)] : edges[min(len(counts), at + 2)]] for at in range(len(counts))]
    whole = noise(values)
    spread = np.array([noise(near) if len(near) >= 6 else whole for near in around])
    wander = noise(means[np.isfinite(means)])
    return means, np.maximum(spread / np.sqrt(np.maximum(counts, 1)), wander)


def _first_apart(sides: NDArray[np.float64], starts: NDArray[np.int64]) -> int | None:
    """The first step of the last stretch of windows that lie on one side; None where they do not end apart."""
    if len(sides) < 2 or sides[-1] == 0 or sides[-2] != sides[-1]:
        return None
    crossed = np.flatnonzero(sides == -sides[-1])
    begin = int(crossed[-1]) + 1 if len(crossed) else 0
    pairs = np.flatnonzero((sides[begin:-1] == sides[-1]) & (sides[begin + 1 :] == sides[-1]))
    return int(starts[begin + int(pairs[0])])


def worth_comparing(name: str) -> bool:
    """Whether a curve is one that runs are held against each other by: a loss, a score, a rate or a norm.

    >>> worth_comparing("valid.accuracy"), worth_comparing("train.epoch"), worth_comparing("update/encoder.weight")
    (True, False, False)
    """
    return name.startswith(("train.", "valid.", "test.")) and "/" not in name and name not in {EPOCH, BATCH, INPUT_SIZE}
