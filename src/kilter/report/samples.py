"""Section of a document: what was said of the same few examples while the model learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from kilter.report.layers import spread
from kilter.report.wording import counted, percent, shown
from kilter.values.document import Block, Grid, Heading
from kilter.values.sample import Sample, Sampled

MOST: Final = 5
"""Evaluations that have a column."""

RIGHT: Final = "✓"


def samples_section(sampled: Sequence[Sampled]) -> Iterator[Block]:
    """The examples, a row each, with what was decided of them at a few evaluations, the first and the last among them.

    Between these stand evaluations at which an answer was another than before, at even distances.
    """
    if not sampled:
        return
    columns = [sampled[place] for place in places(sampled)]
    answers = [{sample.id: sample for sample in each.samples} for each in columns]
    yield Heading(text="Outputs while training", anchor="samples")
    yield Grid(
        columns=("id", "input", "truth", *(f"step {each.step:,}" for each in columns)),
        rows=tuple(
            (
                shown(sample.id, 40),
                shown(sample.inputs, 120),
                shown(sample.target, 60),
                *(_answer(each.get(sample.id)) for each in answers),
            )
            for sample in columns[-1].samples
        ),
        caption=f"What was decided of {counted(len(columns[-1].samples), 'validation example')} at"
        f" {len(columns)} of {counted(len(sampled), 'evaluation')}; {RIGHT}: it is the truth.",
    )


def places(sampled: Sequence[Sampled]) -> list[int]:
    """Which evaluations have a column."""
    if len(sampled) <= MOST:
        return list(range(len(sampled)))
    said = [tuple((sample.id, sample.decided) for sample in each.samples) for each in sampled]
    changed = [at for at, (before, after) in enumerate(pairwise(said[:-1]), start=1) if before != after]
    chosen = [changed[at] for at in spread(len(changed), MOST - 2)] if changed else []
    return [0, *chosen, len(sampled) - 1]


def _answer(sample: Sample | None) -> str:
    if sample is None:
        return "–"
    sure = "" if sample.confidence is None else f" {percent(sample.confidence, 1)}"
    return f"{shown(sample.decided, 60) or '–'}{sure}{f' {RIGHT}' if sample.decided == sample.target else ''}"
