"""Section of a document: the most costly mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kilter.report.wording import fixed, percent, shown
from kilter.values.document import Block, Grid, Heading
from kilter.values.evaluation import Evaluation

MOST_MISTAKES: Final = 20


def mistake_section(evaluation: Evaluation) -> Iterator[Block]:
    """The most costly mistakes with their inputs; nothing where none was made, or none kept."""
    mistakes = evaluation.mistakes[:MOST_MISTAKES]
    if not mistakes:
        return
    yield Heading(text="Mistakes", anchor="mistakes")
    sure = any(mistake.confidence is not None for mistake in mistakes)
    yield Grid(
        columns=("id", "input", "truth", "decided", *(("confidence",) if sure else ()), "cost"),
        rows=tuple(
            (
                shown(mistake.id, 120),
                shown(mistake.inputs, 240),
                shown(mistake.target),
                shown(mistake.decided),
                *((_confidence(mistake.confidence),) if sure else ()),
                fixed(mistake.cost),
            )
            for mistake in mistakes
        ),
        caption=f"The most costly mistakes on the {evaluation.split} split; their ids lead back to the data.",
        numeric=(4, 5) if sure else (4,),
    )


def _confidence(confidence: float | None) -> str:
    return "–" if confidence is None else percent(confidence, 1)
