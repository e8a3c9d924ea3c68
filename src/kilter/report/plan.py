"""A plan on paper: its arithmetic as a table, its learning rate drawn with characters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.report.wording import counted, number
from kilter.values.document import Grid
from kilter.values.plan import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT: Final = 7  # lines of a drawn curve
_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


def plan_grid(plan: Plan, *, sizes: dict[str, int] | None = None) -> Grid:
    """The way from rows to steps, factor by factor.

    Args:
        plan: what is told.
        sizes: rows of each split, where they are known.
    """
    return Grid(columns=("what", "how much"), rows=tuple(_facts(plan, sizes or {"train": plan.rows})))


def _facts(plan: Plan, sizes: dict[str, int]) -> Iterator[tuple[str, str]]:
    yield "rows", ", ".join(f"{name} {size:,}" for name, size in sizes.items())
    if plan.rows_an_epoch != plan.rows:
        yield "rows an epoch", f"{plan.rows_an_epoch:,}, as they are drawn or left out"
    rows = f"{plan.largest:,}" if plan.smallest == plan.largest else f"{plan.smallest:,} to {plan.largest:,}"
    said = f"{rows} rows" if plan.tokens is None else f"{rows} rows, at most {plan.tokens:,} tokens with their padding"
    yield "a batch", f"{said}; {plan.batches:,} an epoch"
    batches = counted(plan.accumulate, "batch", "batches")
    yield "a step", f"{batches}, {number(round(plan.rows_a_step, 1))} rows on average"
    yield "an epoch", f"{counted(plan.steps_per_epoch, 'step')}"
    if plan.steps is None or plan.epochs is None:
        yield "the run", f"ends by the clock, after {plan.length}"
    else:
        yield "the run", f"{counted(plan.steps, 'step')}, {number(round(plan.epochs, 2))} epochs"
    yield "learning rate", f"{plan.schedule}, {max(plan.rates):.3g} at the highest"
    at = dict(zip(plan.at, plan.rates, strict=True))
    turns = {1: "", **{mark.step: f", {mark.text}" for mark in plan.marks}}
    for step, text in turns.items():
        yield f"at step {step:,}", f"{at[step]:.3g}{text}"


def drawn(plan: Plan, *, width: int = 100) -> tuple[str, ...]:
    """The learning rate over the steps as at most 12 lines of characters: the curve, turns, steps and epochs.

    Args:
        plan: what is drawn.
        width: cells of a line, the scale beside the curve included.
    """
    scale = max(plan.rates)
    side = max(len(f"{scale:.3g}"), len("epoch"))
    columns = max(20, width - side - 2)
    heights = _heights(plan, columns) / scale if scale else np.zeros(columns)
    lines = ["learning rate"]
    for line in range(HEIGHT, 0, -1):
        filled = np.clip(np.round(8 * (HEIGHT * heights - (line - 1))), 0, 8).astype(int)
        label = f"{scale:.3g}" if line == HEIGHT else ""
        lines.append(f"{label:>{side}} ┤{''.join(_EIGHTHS[eighths] for eighths in filled)}")
    last = plan.at[-1]
    places = {mark: _column(mark.step, last, columns) for mark in plan.marks}
    rule = ["─"] * columns
    for place in places.values():
        rule[place] = "┴"
    lines.append(f"{'0':>{side}} └{''.join(rule)}")
    if places:
        lines.append(f"{'':>{side}}  {_labelled({place: mark.text for mark, place in places.items()}, columns)}")
    ends = {0: "1", columns - 1: f"{last:,}", **{place: f"{mark.step:,}" for mark, place in places.items()}}
    lines.append(f"{'step':>{side}}  {_labelled(ends, columns)}")
    lines.append(f"{'epoch':>{side}}  {_labelled(_epochs(plan, columns), columns)}")
    return tuple(line.rstrip() for line in lines)


def _heights(plan: Plan, columns: int) -> NDArray[np.float64]:
    """The rate at the middle of each column."""
    steps = np.linspace(1, plan.at[-1], columns)
    return np.interp(steps, np.asarray(plan.at, np.float64), np.asarray(plan.rates, np.float64))


def _column(step: int, last: int, columns: int) -> int:
    return round((step - 1) * (columns - 1) / max(1, last - 1))


def _epochs(plan: Plan, columns: int) -> dict[int, str]:
    """Where epochs end, about six of them; and what the last step makes."""
    last, each = plan.at[-1], plan.steps_per_epoch
    every = max(1, math.ceil(last / each / 6))
    whole = {_column(epoch * each, last, columns): f"{epoch:,}" for epoch in range(every, last // each + 1, every)}
    return {**whole, 0: "0", columns - 1: number(round(last / each, 1))}


def _labelled(texts: dict[int, str], columns: int) -> str:
    """Texts centred below their columns and within the line; one that would touch another is left out.

    The ends of an axis matter most and are never left out.
    """
    line = [" "] * columns
    for place in sorted(texts, key=lambda place: (place not in {0, columns - 1}, -place)):
        text = texts[place]
        start = min(max(0, place - len(text) // 2), columns - len(text))
        around = line[max(0, start - 1) : start + len(text) + 1]
        if start >= 0 and all(cell == " " for cell in around):
            line[start : start + len(text)] = text
    return "".join(line)
