"""A section of a document: what every threshold brings, as ROC curve and as precision over recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilter.report.plots import COLOURS, GREY, Line
from kilter.report.squares import Spot, trade_offs
from kilter.report.wording import cautions, counted, fixed, number, percent, scored, shown
from kilter.values.document import Block, Figure, Grid, Heading
from kilter.values.evaluation import Evaluation
from kilter.values.score import Score
from kilter.values.tradeoff import Operating, Tradeoff

LET_THROUGH = (0.01, 0.1)  # false alarms at which the recall is said
FOUND = (0.5, 0.9)  # recalls at which the precision is said
AS_DECIDED = 0.5

Spots = Sequence[tuple[str, Operating, str]]
"""What a threshold is for, what it brings, and the colour of its class."""


def tradeoff_section(evaluation: Evaluation) -> Iterator[Block]:
    """Both curves of each class with their areas, chosen thresholds marked; nothing where there are none."""
    tradeoffs = evaluation.tradeoffs
    if not tradeoffs:
        return
    yield Heading(text="ROC and precision-recall", anchor="roc")
    coloured = tuple(zip(tradeoffs, COLOURS, strict=False))
    marked = [spot for tradeoff, colour in coloured for spot in _marked(evaluation, tradeoff, colour)]
    yield _roc(coloured, marked, evaluation.split)
    yield _precision_recall(coloured, marked, evaluation.split)
    if len(tradeoffs) > 1:
        yield _areas(tradeoffs)


def _roc(coloured: Sequence[tuple[Tradeoff, str]], marked: Spots, split: str) -> Figure:
    tradeoffs = [tradeoff for tradeoff, _ in coloured]
    areas = [each.roc_auc for each in tradeoffs]
    first = tradeoffs[0]
    if len(tradeoffs) == 1:
        at = " and ".join(f"{percent(_recall_at(first, share), 1)} at {100 * share:.0f} %" for share in LET_THROUGH)
        said = f"the area is {scored(areas[0])}, where chance makes 0.5; found are {at} false alarms."
    else:
        said = f"areas lie between {_ends(tradeoffs, areas)}; chance makes 0.5."
    return Figure(
        title="What is found for how many false alarms (ROC)",
        spec=trade_offs(
            [
                Line(
                    name=each.label,
                    x=(0.0, *(point.false_alarms for point in each.points)),
                    y=(0.0, *(point.recall for point in each.points)),
                    colour=colour,
                )
                for each, colour in coloured
            ],
            chance=[Line(name="chance", x=(0, 1), y=(0, 1), colour=GREY)],
            spots=[
                Spot(x=point.false_alarms, y=point.recall, text=_spot_text(goal, point), colour=colour)
                for goal, point, colour in marked
            ],
            x_title="false alarms, share of all else",
            y_title="recall",
        ),
        says=f"{_whose(tradeoffs, split)}, {said}{_marks(marked)}{cautions(areas)}",
    )


def _precision_recall(coloured: Sequence[tuple[Tradeoff, str]], marked: Spots, split: str) -> Figure:
    tradeoffs = [tradeoff for tradeoff, _ in coloured]
    areas = [each.average_precision for each in tradeoffs]
    first = tradeoffs[0]
    if len(tradeoffs) == 1:
        at = " and ".join(f"{fixed(_precision_at(first, share))} where {100 * share:.0f} % are" for share in FOUND)
        chance = fixed(first.share)
        said = f"average precision is {scored(areas[0])}, where chance makes {chance}; precision is {at} found."
    else:
        said = f"average precision lies between {_ends(tradeoffs, areas)}; chance makes the share of each class."
    return Figure(
        title="How precise it is for what is found (precision-recall)",
        spec=trade_offs(
            [
                Line(
                    name=each.label,
                    x=(0.0, *(point.recall for point in each.points)),
                    y=(each.points[0].precision, *(point.precision for point in each.points)),
                    colour=colour,
                )
                for each, colour in coloured
            ],
            chance=[
                Line(name="chance", x=(0, 1), y=(each.share, each.share), colour=GREY if len(coloured) == 1 else colour)
                for each, colour in coloured
            ],
            spots=[
                Spot(x=point.recall, y=point.precision, text=_spot_text(goal, point), colour=colour)
                for goal, point, colour in marked
            ],
            x_title="recall",
            y_title="precision",
            steps=True,
        ),
        says=f"{_whose(tradeoffs, split)}, {said}{_marks(marked)}{cautions(areas)}",
    )


def _areas(tradeoffs: Sequence[Tradeoff]) -> Grid:
    return Grid(
        columns=("class", "examples", "ROC-AUC", "average precision", "chance makes"),
        rows=tuple(
            (
                shown(each.label),
                f"{each.positives:,}",
                scored(each.roc_auc),
                scored(each.average_precision),
                fixed(each.share),
            )
            for each in tradeoffs
        ),
        caption="Each class against all else. Chance makes a ROC-AUC of 0.5, and an average precision of the class's"
        f" share.{cautions(score for each in tradeoffs for score in (each.roc_auc, each.average_precision))}",
        numeric=(1, 2, 3, 4),
    )


def _marked(evaluation: Evaluation, tradeoff: Tradeoff, colour: str) -> Iterator[tuple[str, Operating, str]]:
    own = [each for each in evaluation.thresholds if each.label == tradeoff.label and each.value is not None]
    for goal, value in [("as decided", AS_DECIDED)] * bool(own) + [(each.goal, each.value or 0.0) for each in own]:
        point = tradeoff.at(value)
        if point is not None:
            yield f"{goal}, from {number(value)}", point, colour


def _spot_text(goal: str, point: Operating) -> str:
    return f"{goal}: recall {fixed(point.recall)}, precision {fixed(point.precision)}"


def _marks(marked: Spots) -> str:
    return " Marked are the thresholds of the table above, and what is decided without." if marked else ""


def _whose(tradeoffs: Sequence[Tradeoff], split: str) -> str:
    first = tradeoffs[0]
    if len(tradeoffs) > 1:
        return f"For each of {counted(len(tradeoffs), 'class', 'classes')} against all else, on the {split} split"
    return f"For '{shown(first.label)}', {first.positives:,} of {counted(first.n, 'example')} of the {split} split"


def _ends(tradeoffs: Sequence[Tradeoff], areas: Sequence[Score]) -> str:
    """The smallest and the largest area, each with its class."""
    order = sorted(zip(areas, tradeoffs, strict=True), key=lambda pair: pair[0].value or 0.0)
    (low, lowest), (high, highest) = order[0], order[-1]
    return f"{scored(low)} ('{shown(lowest.label)}') and {scored(high)} ('{shown(highest.label)}')"


def _recall_at(tradeoff: Tradeoff, false_alarms: float) -> float:
    """The recall at so many false alarms, on the line between the points beside it."""
    before = (0.0, 0.0)
    for point in tradeoff.points:
        if point.false_alarms > false_alarms:
            part = (false_alarms - before[0]) / (point.false_alarms - before[0])
            return before[1] + part * (point.recall - before[1])
        before = (point.false_alarms, point.recall)
    return before[1]


def _precision_at(tradeoff: Tradeoff, recall: float) -> float:
    """The precision of the highest threshold that finds so many."""
    return next(point.precision for point in tradeoff.points if point.recall >= recall)
