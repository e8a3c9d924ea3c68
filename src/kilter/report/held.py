"""The section on intervals of predicted amounts: how many true amounts they hold, and how wide they are."""

from __future__ import annotations

from collections.abc import Iterator

from kilter.report.wording import cautions, counted, scored, shown
from kilter.values.document import Block, Grid, Heading
from kilter.values.evaluation import Evaluation
from kilter.values.score import Score


def held_section(evaluation: Evaluation) -> Iterator[Block]:
    """A row for each interval between two quantiles; nothing where no amount was answered by its quantiles."""
    scores = {score.name: score for score in evaluation.scores}
    held = [(score, score.meant) for score in evaluation.scores if score.meant is not None]
    if not held:
        return
    yield Heading(text="What its intervals hold", anchor="held")
    widths = {score.name: scores.get(score.name.replace("within", "width", 1)) for score, _ in held}
    yield Grid(
        columns=("interval", "should hold", "holds", "mean width", "so it is"),
        rows=tuple(
            (
                f"the middle {100 * meant:g} %",
                f"{meant:g}",
                scored(score),
                "–" if (width := widths[score.name]) is None else scored(width),
                ruling(score, meant),
            )
            for score, meant in held
        ),
        caption=f"Shares of the {counted(held[0][0].n, 'example')} of the {shown(evaluation.split)} split whose true"
        " amount lies between two predicted quantiles that are evenly far from the median, which is what is decided."
        " Of intervals that hold what they should, narrow ones tell more. Quantiles that crossed were sorted."
        f"{cautions([*(score for score, _ in held), *(width for width in widths.values() if width is not None)])}",
        numeric=(1, 2, 3),
    )


def ruling(score: Score, meant: float) -> str:
    """What the interval of a share says of the share that is meant.

    >>> ruling(Score(name="within_90", value=0.85, low=0.83, high=0.87, n=1000), 0.9)
    'too narrow'
    """
    if score.low is None or score.high is None:
        return "not known"
    if score.high < meant:
        return "too narrow"
    return "too wide" if score.low > meant else "as it should, as far as these examples tell"
