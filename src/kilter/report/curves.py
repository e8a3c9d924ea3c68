"""Section of a document: what was recorded in training, with findings marked at their steps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.report.plots import BLUE, COLOURS, GREY, ORANGE, Line, Mark, lines
from kilter.report.wording import fixed, number
from kilter.values.document import Block, Figure, Heading
from kilter.values.finding import Finding
from kilter.values.history import Curve, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.plan import Plan

MOST_POINTS: Final = 1200  # of one line; a screen has no more columns
SMOOTH_FROM: Final = 120  # points; shorter curves are read as they are
LOSSES: Final = ("train.loss", "valid.loss")
APART: Final = frozenset({*LOSSES, "train.gradient_norm", "train.learning_rate", "train.epoch"})

_STEP: Final = re.compile(r"(?:optimizer )?step[ :=#]*(\d[\d,]*)", re.IGNORECASE)


def curve_section(history: History, findings: Iterable[Finding], plan: Plan | None = None) -> Iterator[Block]:
    """Loss, scores, gradient norm and learning rate by optimizer step, the rate beside what was planned."""
    if not len(history):
        return
    marks = [
        Mark(x=step, text=f"{finding.code} {finding.name}", severity=finding.severity)
        for finding in findings
        if (step := step_of(finding)) is not None and step <= max(history.step, 1)
    ]
    figures = (_loss(history, marks), *_scores(history, marks), _gradients(history, marks), _rate(history, plan))
    drawn = [figure for figure in figures if figure is not None]
    if drawn:
        yield Heading(text="Curves", anchor="curves")
        yield from drawn


def step_of(finding: Finding) -> int | None:
    """The optimizer step at which something was found: `step` in its evidence, or "step 120" in its `where`.

    >>> from kilter.values.finding import Severity
    >>> note = Severity.NOTE
    >>> step_of(Finding(code="C101", name="divergence", severity=note, seen="", advice="", where=("step 120",)))
    120
    """
    told = finding.evidence.get("step")
    if isinstance(told, int | float) and not isinstance(told, bool) and told == told:  # noqa: PLR0124 - not a number
        return int(told)
    matches = (_STEP.fullmatch(place.strip()) for place in finding.where)
    return next((int(match[1].replace(",", "")) for match in matches if match), None)


def thin(steps: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """A curve of at most `MOST_POINTS` points that keeps its extremes: the lowest and the highest of each stretch.

    Values that are not finite win over both, so that a single not-a-number in a million steps stays seen as a gap.
    """
    if len(steps) <= MOST_POINTS:
        return steps.tolist(), values.tolist()
    edges = np.linspace(0, len(steps), MOST_POINTS // 2 + 1).astype(np.int64)
    kept: list[int] = []
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        stretch = values[start:end]
        finite = np.isfinite(stretch)
        if finite.all():
            kept += sorted({start + int(stretch.argmin()), start + int(stretch.argmax())})
        else:
            gap = start + int((~finite).argmax())
            best = np.where(finite, stretch, -np.inf)
            kept += sorted({gap, start + int(best.argmax())})
    return steps[kept].tolist(), values[kept].tolist()


def smooth(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Means of the last `width` finite values; not-a-number where there are none.

    >>> smooth(np.array([1.0, 3.0, float("nan"), 5.0]), 2).tolist()
    [1.0, 2.0, 3.0, 5.0]
    """
    finite = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(finite)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    seen = counts[ends] - counts[starts]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (sums[ends] - sums[starts]) / seen
    return np.where(seen > 0, means, np.nan)


def _loss(history: History, marks: Sequence[Mark]) -> Figure | None:
    drawn = [name for name in LOSSES if name in history]
    if not drawn:
        return None
    curves: list[Line] = []
    if "train.loss" in history:
        curves += _noisy(history["train.loss"], BLUE, "training")
    if "valid.loss" in history:
        curves.append(_line(history["valid.loss"], ORANGE, "validation", points=True))
    says = [_ends(history[name], "Training loss" if name == "train.loss" else "validation loss") for name in drawn]
    spec = lines(curves, x_title="optimizer step", y_title="loss", marks=marks)
    return Figure(title="Loss", spec=spec, says=f"{'; '.join(says)}.{_marked(marks)}")


def _scores(history: History, marks: Sequence[Mark]) -> Iterator[Figure]:
    """One chart for the scores that share the range 0 to 1, and one for each of the others."""
    names = [name for name in history if name not in APART and name.startswith(("valid.", "train.", "test."))]
    shared = [name for name in names if _is_share(history[name].values)]
    for group in ([shared] if shared else []) + [[name] for name in names if name not in shared]:
        curves = [
            _line(history[name], COLOURS[(place + 1) % len(COLOURS)], name, points=True)
            for place, name in enumerate(group)
        ]
        title = "Scores" if len(group) > 1 else group[0]
        says = "; ".join(_ends(history[name], name) for name in group)
        spec = lines(curves, x_title="optimizer step", y_title="score" if len(group) > 1 else group[0], marks=marks)
        yield Figure(title=title, spec=spec, says=f"{says}.")


def _gradients(history: History, marks: Sequence[Mark]) -> Figure | None:
    if "train.gradient_norm" not in history:
        return None
    curve = history["train.gradient_norm"]
    positive = curve.values[np.isfinite(curve.values) & (curve.values > 0)]
    wide = bool(len(positive)) and float(positive.max()) > 50 * float(positive.min())
    curves = _noisy(curve, BLUE, "gradient norm")
    title = "gradient norm, logarithmic" if wide else "gradient norm"
    spec = lines(curves, x_title="optimizer step", y_title=title, marks=marks, logarithmic=wide)
    return Figure(title="Gradient norm before clipping", spec=spec, says=f"{_range(curve, 'The norm')}.")


def _rate(history: History, plan: Plan | None) -> Figure | None:
    if "train.learning_rate" not in history:
        return None
    curve = history["train.learning_rate"]
    if plan is not None and plan.steps is None:
        plan = None  # it tells the beginning only of a run that the clock ended
    drawn = [_line(curve, BLUE, "learning rate")]
    if plan is not None:
        drawn = [Line(name="planned", x=plan.at, y=plan.rates, colour=GREY, faint=True), *drawn]
    spec = lines(drawn, x_title="optimizer step", y_title="learning rate")
    return Figure(title="Learning rate", spec=spec, says=f"{_range(curve, 'The rate')}{_planned(curve, plan)}.")


def _planned(curve: Curve, plan: Plan | None) -> str:
    """Where a rate left its plan: a plateau lowers it, and so does a step that was not finite."""
    if plan is None or not len(curve):
        return ""
    _, recorded, planned = np.intersect1d(curve.steps, np.asarray(plan.at), return_indices=True)
    rates = np.asarray(plan.rates)[planned]
    apart = np.flatnonzero(~np.isclose(curve.values[recorded], rates, rtol=1e-6, atol=0))
    if not len(apart):
        return ", as planned"
    share = float(curve.values[recorded[-1]] / rates[-1]) if rates[-1] else math.nan
    first = int(curve.steps[recorded[apart[0]]])
    return f", planned otherwise from step {first:,} on: in the end {number(share)} of the plan"


def _line(curve: Curve, colour: str, name: str, *, points: bool = False) -> Line:
    x, y = thin(curve.steps, curve.values)
    return Line(name=name, x=x, y=y, colour=colour, points=points and len(x) <= 60)


def _noisy(curve: Curve, colour: str, name: str) -> list[Line]:
    """A curve of single steps, and over it its running mean."""
    if len(curve) < SMOOTH_FROM:
        return [_line(curve, colour, name)]
    width = max(10, len(curve) // 50)
    x, y = thin(curve.steps, curve.values)
    mean_x, mean_y = thin(curve.steps, smooth(curve.values, width))
    return [
        Line(name=f"{name} each step", x=x, y=y, colour=colour, faint=True),
        Line(name=f"mean of {width} steps", x=mean_x, y=mean_y, colour=colour),
    ]


def _is_share(values: NDArray[np.float64]) -> bool:
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and bool(((finite >= 0) & (finite <= 1)).all())


def _ends(curve: Curve, what: str) -> str:
    """Where a curve began and ended, and its extremes."""
    finite = np.isfinite(curve.values)
    if not finite.any():
        return f"{what}: never a finite number"
    values, steps = curve.values[finite], curve.steps[finite]
    lowest, highest = int(values.argmin()), int(values.argmax())
    gaps = int((~finite).sum())
    lost = f", {gaps:,} of {len(curve):,} not finite" if gaps else ""
    return (
        f"{what}: {fixed(float(values[0]))} at step {steps[0]:,}, {fixed(float(values[-1]))} at step {steps[-1]:,}, "
        f"lowest {fixed(float(values[lowest]))} at {steps[lowest]:,}, highest {fixed(float(values[highest]))} at "
        f"{steps[highest]:,}{lost}"
    )


def _range(curve: Curve, what: str) -> str:
    finite = curve.values[np.isfinite(curve.values)]
    if not len(finite):
        return f"{what} was never a finite number"
    low, high, last = (number(float(value)) for value in (finite.min(), finite.max(), finite[-1]))
    gaps = len(curve) - len(finite)
    lost = f"; {gaps:,} of {len(curve):,} values are not finite" if gaps else ""
    return f"{what} lay between {low} and {high}, {last} at the end{lost}"


def _marked(marks: Sequence[Mark]) -> str:
    if not marks:
        return ""
    return " Marked: " + ", ".join(f"{mark.text} at step {int(mark.x):,}" for mark in marks) + "."
