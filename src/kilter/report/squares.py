"""Charts of shares against shares: both axes from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from kilter.report.plots import BLUE, GREY, Line, Spec, axis, chart_text, frame


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place with upright bounds; `text` is what a pointer shows."""

    x: float
    y: float
    low: float | None
    high: float | None
    text: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place on a curve that stands out; `text` is what a pointer shows."""

    x: float
    y: float
    text: str
    colour: str = BLUE


def against_diagonal(points: Sequence[Point], *, x_title: str, y_title: str, diagonal: str) -> Spec:
    """Shares between 0 and 1 with their bounds, beside the line on which both axes say the same."""
    return {
        "data": [
            _dashed(Line(name=diagonal, x=(0, 1), y=(0, 1), colour=GREY)),
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [point.x for point in points],
                "y": [point.y for point in points],
                "line": {"color": BLUE, "width": 1},
                "marker": {"color": BLUE, "size": 8},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [0.0 if point.high is None else point.high - point.y for point in points],
                    "arrayminus": [0.0 if point.low is None else point.y - point.low for point in points],
                    "color": BLUE,
                    "thickness": 1.5,
                    "width": 4,
                },
                "hoverinfo": "text",
                "hovertext": [chart_text(point.text, 120) for point in points],
            },
        ],
        "layout": _square(x_title, y_title),
    }


def trade_offs(
    curves: Sequence[Line],
    *,
    x_title: str,
    y_title: str,
    chance: Sequence[Line],
    spots: Sequence[Spot] = (),
    steps: bool = False,
) -> Spec:
    """Curves of one share against another beside what chance makes of it, with the spots that somebody chose.

    With `steps` a height holds from the point before up to its own point, as precision does over recall.
    """
    layout = _square(x_title, y_title)
    layout["showlegend"] = len(curves) > 1
    layout["hovermode"] = "closest"
    if len(curves) > 1:
        layout["height"] += 22 * ((len(curves) + 1) // 2)  # pixels of the legend, some two names a row
        layout["margin"]["b"] += 22 * ((len(curves) + 1) // 2)
    marked = {
        "type": "scatter",
        "mode": "markers",
        "x": [spot.x for spot in spots],
        "y": [spot.y for spot in spots],
        "marker": {"color": [spot.colour for spot in spots], "size": 10, "symbol": "diamond"},
        "hoverinfo": "text",
        "hovertext": [chart_text(spot.text, 120) for spot in spots],
        "showlegend": False,
    }
    shape = "vh" if steps else "linear"
    return {
        "data": [*map(_dashed, chance), *(_solid(curve, shape) for curve in curves), *([marked] if spots else [])],
        "layout": layout,
    }


def _solid(curve: Line, shape: str) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": chart_text(curve.name, 48),
        "x": [round(x, 5) for x in curve.x],
        "y": [round(y, 5) for y in curve.y],
        "line": {"color": curve.colour, "width": 2, "shape": shape},
    }


def _dashed(line: Line) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": chart_text(line.name),
        "x": list(line.x),
        "y": list(line.y),
        "line": {"color": line.colour, "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _square(x_title: str, y_title: str) -> Spec:
    layout = frame(height=380)
    layout["width"] = 460
    layout["xaxis"] = axis(x_title) | {"range": [-0.02, 1.02]}
    layout["yaxis"] = axis(y_title) | {"range": [-0.02, 1.02]}
    layout["showlegend"] = False
    return layout
