"""Section of a document: what steps did to the layers, from the input to the output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.report.curves import thin
from kilter.report.plots import COLOURS, Line, lines
from kilter.report.wording import number
from kilter.values.curve_names import EVERY
from kilter.values.document import Block, Figure, Heading

if TYPE_CHECKING:
    from kilter.values.history import Curve, History

MOST: Final = len(COLOURS)
"""Layers that are drawn; of a deeper network, so many at even distances, the first and the last among them."""

_FIGURES: Final = (
    ("gradient", "Gradients by layer", "root mean square"),
    ("update", "Updates by layer", "change in a step, over the weights"),
)


def layer_section(history: History) -> Iterator[Block]:
    """Gradients and updates of the weights by layer, where they were measured more than once."""
    drawn = [figure for made in _FIGURES if (figure := _figure(history, *made)) is not None]
    if drawn:
        yield Heading(text="Layers", anchor="layers")
        yield from drawn


def _figure(history: History, measure: str, title: str, y_title: str) -> Figure | None:
    curves = [history[name] for name in _weights(history, measure)]
    curves = [curve for curve in curves if len(curve) > 1 and bool((curve.values > 0).any())]
    if not curves:
        return None
    chosen = [curves[at] for at in spread(len(curves))]
    drawn = [_line(curve, colour) for curve, colour in zip(chosen, COLOURS, strict=False)]
    spec = lines(drawn, x_title="optimizer step", y_title=f"{y_title}, logarithmic", logarithmic=True)
    return Figure(title=title, spec=spec, says=f"{_ends(curves)}{_interval(history)}.")


def _weights(history: History, measure: str) -> list[str]:
    """The curves of weights, in the order of depth in which they were recorded; of all, if none is called so."""
    names = [name for name in history if name.startswith(f"{measure}/")]
    return [name for name in names if "weight" in name.rpartition(".")[2]] or names


def spread(count: int, most: int = MOST) -> list[int]:
    """So many places at even distances, the first and the last among them.

    >>> spread(3), spread(13)
    ([0, 1, 2], [0, 2, 5, 7, 10, 12])
    """
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most)).tolist()})


def _line(curve: Curve, colour: str) -> Line:
    x, y = thin(curve.steps, curve.values)
    return Line(name=_layer(curve), x=x, y=y, colour=colour, points=len(x) <= 60)


def _layer(curve: Curve) -> str:
    return curve.name.partition("/")[2]


def _ends(curves: list[Curve]) -> str:
    """The smallest and the largest at the end."""
    last = sorted(
        ((float(curve.values[-1]), _layer(curve)) for curve in curves if np.isfinite(curve.values[-1])),
    )
    if not last:
        return "At the end none was a finite number"
    (low, where), (high, there) = last[0], last[-1]
    if len(last) == 1:
        return f"At the end {number(low)} in {where}"
    return f"At the end between {number(low)} in {where} and {number(high)} in {there}, of {len(last)} layers"


def _interval(history: History) -> str:
    if EVERY not in history:
        return ""
    curve = history[EVERY]
    first, last = int(curve.values[0]), int(curve.values[-1])
    apart = f"every {last:,}" if first == last else f"every {first:,} at first, every {last:,} at the end"
    return f"; measured in {len(curve):,} steps, {apart}"
