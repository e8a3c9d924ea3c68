"""Several runs beside each other: which is which, and what each has scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilter.report.wording import cautions, direction, heading_of, interval, scored, shown, value_of
from kilter.values.document import Block, Grid, Paragraph
from kilter.values.evaluation import Evaluation

MOST_ACROSS = 4  # runs whose scores stand beside each other in a terminal


def scores_of(evaluations: Sequence[Evaluation]) -> Iterator[Block]:
    """The runs with the score that decides, numbered; then all scores, runs beside each other by their numbers.

    Names of runs begin alike and are long, so that only the first table has them. Of many runs it is the only one.
    """
    if not evaluations:
        return
    first = evaluations[0]
    yield Grid(
        columns=("", "run", heading_of(first.primary), f"{first.primary.confidence:.0%} interval", "examples"),
        rows=tuple(
            (str(at), shown(e.model, 60), value_of(e.primary), interval(e.primary), f"{e.primary.n:,}")
            for at, e in enumerate(evaluations, start=1)
        ),
        caption=f"The score that decides.{direction([first.primary])}{cautions(e.primary for e in evaluations)}",
        numeric=(2, 3, 4),
    )
    if len(first.scores) < 2:
        return
    if len(evaluations) > MOST_ACROSS:
        yield Paragraph(text="All scores stand in the answer to --json.")
        return
    found = [{score.name: score for score in e.scores} for e in evaluations]
    yield Grid(
        columns=("score", *(str(at) for at in range(1, len(evaluations) + 1))),
        rows=tuple(
            (heading_of(score), *(scored(each[score.name]) if score.name in each else "–" for each in found))
            for score in first.scores
        ),
        caption=f"All scores, runs by their numbers.{direction(first.scores)}"
        f"{cautions(score for e in evaluations for score in e.scores)}",
        numeric=tuple(range(1, len(evaluations) + 1)),
    )
