"""Charts as plotly specifications in plain data. Only traces that are drawn as SVG: scatter and heatmap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final

from kilter.report.wording import shown
from kilter.values.finding import Severity

Spec: TypeAlias = dict[str, Any]

# Each at least 3:1 against white and against the dark page (WCAG 2.2, 1.4.11), told apart also by the colour-blind.
BLUE: Final = "#3f7fd0"
ORANGE: Final = "#d9741f"
GREEN: Final = "#2f9e77"
PURPLE: Final = "#a65fc0"
GREY: Final = "#868c95"
RED: Final = "#d64a5b"
COLOURS: Final = (BLUE, ORANGE, GREEN, PURPLE, RED, GREY)
SEVERITY_COLOURS: Final = {Severity.FAILURE: RED, Severity.WARNING: ORANGE, Severity.NOTE: GREY}

LONGEST_LABEL: Final = 28  # characters of an axis label
CELLS_WITH_TEXT: Final = 24  # classes; beyond, counts in cells cannot be read
SCALE: Final = tuple(
    (share, f"rgba(63,127,208,{alpha})") for share, alpha in ((0, 0), (1e-4, 0.14), (0.15, 0.36), (1, 0.85))
)
"""From the page's own colour to blue, so that one chart suits light and dark; small shares stand out from none."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve of a chart; values that are not finite leave a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = BLUE
    faint: bool = False
    points: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place on the x axis that must be seen: a finding at its step."""

    x: float
    text: str
    severity: Severity = Severity.NOTE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its bounds, in a row of its own."""

    name: str
    value: float
    low: float | None
    high: float | None
    emphasised: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Counts of neighbouring bins, one fewer than there are edges."""

    name: str
    heights: Sequence[float]
    colour: str = BLUE


def chart_text(text: str, limit: int = LONGEST_LABEL) -> str:
    """Foreign text for a chart: plotly reads a few HTML tags in its labels, so these are taken away.

    >>> chart_text('<a href="https://example.org">x</a>', 12)
    '&lt;a href="ht…'
    """
    return shown(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def lines(
    curves: Sequence[Line],
    *,
    x_title: str,
    y_title: str,
    marks: Iterable[Mark] = (),
    logarithmic: bool = False,
    powers: bool = False,
) -> Spec:
    """Curves over one x axis, with marks as upright lines that bear their text.

    Args:
        curves: over x.
        x_title: of that axis.
        y_title: of the other.
        marks: places that must be seen.
        logarithmic: whether y is.
        powers: whether x is logarithmic; then all x are above 0.
    """
    layout = frame(height=340)
    layout["xaxis"] = axis(x_title)
    layout["yaxis"] = axis(y_title)
    layout["hovermode"] = "x unified"
    layout["showlegend"] = len(curves) > 1
    layout["margin"]["b"] += 30 * (len(curves) > 1)
    if logarithmic:
        layout["yaxis"] |= {"type": "log", "dtick": _log_ticks(y for curve in curves for y in curve.y)}
        layout["yaxis"]["exponentformat"] = "e"
    if powers:
        layout["xaxis"] |= {"type": "log", "dtick": _log_ticks(x for curve in curves for x in curve.x)}
        layout["xaxis"]["exponentformat"] = "e"
    ordered = sorted(marks, key=lambda mark: mark.x)
    placed = _beside(ordered, curves) if powers else _beside(ordered)
    layout["shapes"] = [_upright(mark) for mark, _ in placed]
    layout["annotations"] = [_annotation(mark, level, powers=powers) for mark, level in placed]
    layout["margin"]["t"] += 16 * max((level + 1 for _, level in placed), default=0)
    return {"data": [_trace(curve, logarithmic=logarithmic) for curve in curves], "layout": layout}


def intervals(rows: Sequence[Interval], *, x_title: str, others: str = "", emphasised: str = "") -> Spec:
    """Values with their bounds, one row each, the first on top; emphasised rows stand out in colour."""
    data = []
    for chosen, colour, name in ((False, GREY, others), (True, BLUE, emphasised)):
        at = [(place, row) for place, row in enumerate(rows) if row.emphasised is chosen]
        if not at:
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": chart_text(name),
                "x": [row.value for _, row in at],
                "y": [place for place, _ in at],
                "marker": {"color": colour, "size": 9},
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [0.0 if row.high is None else row.high - row.value for _, row in at],
                    "arrayminus": [0.0 if row.low is None else row.value - row.low for _, row in at],
                    "color": colour,
                    "thickness": 2,
                    "width": 5,
                },
                "hoverinfo": "text",
                "hovertext": [_interval_text(row) for _, row in at],
            }
        )
    step = 22 if len(rows) > 12 else 32
    layout = frame(height=90 + step * max(len(rows), 2))
    layout["xaxis"] = axis(x_title)
    layout["yaxis"] = _labels([row.name for row in rows])
    layout["yaxis"]["range"] = [len(rows) - 0.4, -0.6]
    layout["showlegend"] = False
    return {"data": data, "layout": layout}


def heatmap(
    counts: Sequence[Sequence[int]],
    labels: Sequence[str],
    *,
    x_title: str,
    y_title: str,
    cells: Mapping[tuple[int, int], Mapping[str, object]],
) -> Spec:
    """Counts (k, k) coloured by their share of the row; `cells` says what lies behind a cell when it is chosen."""
    size = len(labels)
    sums = [sum(row) or 1 for row in counts]
    beside = round(6.2 * max((len(shown(label, LONGEST_LABEL)) for label in labels), default=0))  # pixels of a label
    layout = frame(height=max(280, 110 + round(0.75 * beside) + size * _cell(size)))
    if size <= CELLS_WITH_TEXT:
        layout["width"] = max(380, 170 + beside + size * round(1.3 * _cell(size)))
    layout["xaxis"] = _labels(labels) | {
        "title": {"text": x_title, "standoff": 12},
        "side": "bottom",
        "tickangle": -45 if size <= CELLS_WITH_TEXT else -90,
    }
    layout["yaxis"] = _labels(labels) | {"title": {"text": y_title, "standoff": 12}, "range": [size - 0.5, -0.5]}
    layout["xaxis"]["range"] = [-0.5, size - 0.5]
    layout["meta"] = {"cells": True}
    trace = {
        "type": "heatmap",
        "z": [[count / total for count in row] for row, total in zip(counts, sums, strict=True)],
        "zmin": 0,
        "zmax": 1,
        "xgap": 1,
        "ygap": 1,
        "colorscale": [list(stop) for stop in SCALE],
        "colorbar": {
            "title": {"text": "share of row", "side": "right"},
            "thickness": 12,
            "outlinewidth": 0,
            "len": 0.9,
        },
        "hoverinfo": "text",
        "hovertext": [
            [_cell_text(counts[i][j], sums[i], labels[i], labels[j]) for j in range(size)] for i in range(size)
        ],
        "customdata": [[dict(cells[i, j]) if (i, j) in cells else None for j in range(size)] for i in range(size)],
    }
    if size <= CELLS_WITH_TEXT:
        trace |= {"text": [[str(count) if count else "" for count in row] for row in counts], "texttemplate": "%{text}"}
    return {"data": [trace], "layout": layout}


def histogram(edges: Sequence[float], counts: Sequence[Steps], *, x_title: str, y_title: str) -> Spec:
    """Counts by bins as outlines over each other, the area below them filled."""
    layout = frame(height=280)
    layout["xaxis"] = axis(x_title)
    layout["yaxis"] = axis(y_title) | {"rangemode": "tozero"}
    layout["showlegend"] = len(counts) > 1
    layout["margin"]["b"] += 30 * (len(counts) > 1)
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": chart_text(each.name, 48),
                "x": list(edges),
                "y": [*each.heights, each.heights[-1]] if each.heights else [],
                "line": {"color": each.colour, "width": 2, "shape": "hv"},
                "fill": "tozeroy",
                "fillcolor": f"{each.colour}33",
            }
            for each in counts
        ],
        "layout": layout,
    }


def frame(*, height: int) -> Spec:
    """The layout that all charts share, so many pixels high."""
    return {
        "height": height,
        "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 12, "color": GREY},
        "hoverlabel": {"bgcolor": "#1f262e", "bordercolor": "#1f262e", "font": {"color": "#f2f4f7", "size": 12}},
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"},
    }


def axis(title: str) -> Spec:
    """An axis with its title."""
    grid = "rgba(134,140,149,0.22)"
    return {
        "title": {"text": chart_text(title, 60), "standoff": 10},
        "gridcolor": grid,
        "linecolor": grid,
        "zeroline": False,
        "automargin": True,
    }


def _labels(names: Sequence[str]) -> Spec:
    """An axis of places with names; places are numbers, so that two names that look alike stay apart."""
    return {
        "type": "linear",
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": [chart_text(name) for name in names],
        "tickfont": {"size": 12 if len(names) <= 30 else 8},
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }


def _log_ticks(values: Iterable[float]) -> int | str:
    """Marks of a logarithmic axis: at each power of ten; where there are few, at twice and five times it, too."""
    heights = [value for value in values if math.isfinite(value) and value > 0]
    few = not heights or math.log10(max(heights) / min(heights)) < 2
    return "D2" if few else 1


def _trace(curve: Line, *, logarithmic: bool) -> Spec:
    kept = [math.isfinite(y) and (y > 0 or not logarithmic) for y in curve.y]
    return {
        "type": "scatter",
        "mode": "lines+markers" if curve.points or len(curve.x) == 1 else "lines",
        "name": chart_text(curve.name, 48),
        "x": [float(x) for x in curve.x],
        "y": [float(y) if keep else None for y, keep in zip(curve.y, kept, strict=True)],
        "line": {"color": curve.colour, "width": 1 if curve.faint else 2},
        "marker": {"color": curve.colour, "size": 6},
        "opacity": 0.4 if curve.faint else 1.0,
    }


def _beside(marks: Sequence[Mark], powers: Sequence[Line] = ()) -> list[tuple[Mark, int]]:
    """Marks with the level on which their text stands, so that the texts of neighbours do not cover each other.

    Args:
        marks: from left to right.
        powers: the curves beside them, where the x axis is logarithmic.
    """
    places = [math.log10(mark.x) if powers else mark.x for mark in marks]
    ends = [math.log10(x) for curve in powers for x in curve.x] + places
    reach = (max(ends) - min(ends)) * 0.12 if ends else 0.0
    placed: list[tuple[Mark, int]] = []
    for at, mark in zip(places, marks, strict=True):
        taken = {level for (_, level), other in zip(placed, places, strict=False) if at - other <= reach}
        placed.append((mark, next(level for level in range(len(marks)) if level not in taken)))
    return placed


def _upright(mark: Mark) -> Spec:
    line = {"color": SEVERITY_COLOURS[mark.severity], "width": 1.5, "dash": "dash"}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": mark.x, "x1": mark.x, "y0": 0, "y1": 1, "line": line}


def _annotation(mark: Mark, level: int, *, powers: bool) -> Spec:
    return {
        "x": math.log10(mark.x) if powers else mark.x,  # plotly places notes by the power, and lines by the number
        "xref": "x",
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": 16 * level,
        "showarrow": False,
        "text": chart_text(mark.text, 40),
        "font": {"color": SEVERITY_COLOURS[mark.severity], "size": 11},
    }


def _interval_text(row: Interval) -> str:
    bounds = "" if row.low is None or row.high is None else f" [{row.low:.4g}, {row.high:.4g}]"
    return f"{chart_text(row.name, 60)}: {row.value:.4g}{bounds}"


def _cell_text(count: int, total: int, truth: str, decided: str) -> str | None:
    if not count:
        return None
    share = f"{100 * count / total:.1f} % of the row"
    return f"{chart_text(truth, 40)} taken for {chart_text(decided, 40)}<br>{count:,} ({share})"


def _cell(size: int) -> int:
    """Height of a cell in pixels."""
    return 42 if size <= 6 else 28 if size <= CELLS_WITH_TEXT else 11
