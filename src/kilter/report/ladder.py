"""Section of a document: from the simplest model to the network, and what each rung gains over the one below."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kilter.report.wording import (
    TRAINED,
    cautions,
    direction,
    heading_of,
    interval,
    p_value,
    scored,
    shown,
    time,
    value_of,
)
from kilter.values.comparison import Comparison, Effort
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.run import Run


def ladder_section(run: Run, split: str) -> Iterator[Block]:
    """The rungs on a split, the simplest first; nothing where there is none below the network but one."""
    rungs = tuple(comparison for comparison in run.ladder if comparison.split == split)
    if len(rungs) < 2 or any(upper.right != lower.left for lower, upper in pairwise(rungs)):
        return
    found = [run.evaluation(split, name) for name in (rungs[0].right, *(rung.left for rung in rungs))]
    evaluations = [evaluation for evaluation in found if evaluation is not None]
    if len(evaluations) < len(found):
        return
    primary = evaluations[0].primary
    yield Heading(text="Ladder", anchor="ladder")
    yield Grid(
        columns=(
            "model",
            heading_of(primary),
            f"{primary.confidence:.0%} interval",
            "gain over the one above",
            "its interval",
            "p",
            "took",
        ),
        rows=tuple(
            (
                rung_name(evaluation.model),
                value_of(evaluation.primary),
                interval(evaluation.primary),
                *_gained(None if at == 0 else rungs[at - 1]),
                _took(rungs[0].right_effort if at == 0 else rungs[at - 1].left_effort),
            )
            for at, evaluation in enumerate(evaluations)
        ),
        caption=f"From the simplest model to the network, on the {shown(split)} split. Gains are in"
        f" {rungs[0].difference.name}, over the model in the line above, on the same examples; p by the"
        f" {rungs[0].test}, {rungs[0].correction} correction for {len(rungs)}.{direction([primary])}"
        f"{cautions(evaluation.primary for evaluation in evaluations)}",
        numeric=(1, 2, 3, 4, 5, 6),
        emphasised=(len(evaluations) - 1,),
    )
    yield Paragraph(text=" ".join(ladder_lines(run, split)))


def ladder_lines(run: Run, split: str) -> tuple[str, ...]:
    """Sentences on the steps of the ladder that do not pay, or one that says that all do."""
    rungs = [comparison for comparison in run.ladder if comparison.split == split]
    if not rungs:
        return ()
    said = tuple(_unpaid(rung) for rung in rungs if rung.winner != rung.left)
    return said or ("Each step up is a gain beyond its interval.",)


def rung_name(model: str) -> str:
    """A model as the ladder calls it.

    >>> rung_name("model"), rung_name("linear")
    ('network', 'linear')
    """
    return "network" if model == TRAINED else shown(model)


def _unpaid(rung: Comparison) -> str:
    upper = "The network" if rung.left == TRAINED else rung_name(rung.left)
    size = scored(rung.difference)
    if rung.winner == rung.right:
        return f"{upper} is worse than {rung_name(rung.right)}: {size}."
    return f"{upper} establishes no gain over {rung_name(rung.right)}: {size}."


def _gained(rung: Comparison | None) -> tuple[str, str, str]:
    if rung is None:
        return ("–", "–", "–")
    return (value_of(rung.difference), interval(rung.difference), p_value(rung.p))


def _took(effort: Effort | None) -> str:
    return "–" if effort is None or effort.seconds is None else time(effort.seconds)
