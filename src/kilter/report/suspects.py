"""Labels that are probably wrong, as a page and as a table to work through."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kilter.report.hiding import length
from kilter.report.wording import counted, fixed, percent, scored, shown
from kilter.values.document import Block, Document, Grid, Paragraph
from kilter.values.label_noise import LabelNoise

MOST: Final = 25
"""Suspects on a page; a table holds them all."""

WEAK: Final = 0.25
"""Share of labels that a model contradicts, beyond which its own mistakes outnumber any usual share of wrong ones."""

COLUMNS: Final = ("id", "inputs", "given", "likely", "given_probability", "likely_probability")
"""Of the table, as the suspects' own names."""

_INPUT: Final = 60  # characters of an input


def suspects_document(noise: LabelNoise, title: str, *, whole: str) -> Document:
    """What was found, and the first suspects.

    Args:
        noise: what was found.
        title: of the page.
        whole: how all of them are had, as a clause.
    """
    return Document(title=title, blocks=tuple(_blocks(noise, whole)))


def without_inputs(noise: LabelNoise) -> LabelNoise:
    """The same, with the length of each input in its place."""
    return replace(noise, suspects=tuple(replace(each, inputs=length(each.inputs)) for each in noise.suspects))


def suspects_table(noise: LabelNoise) -> str:
    """All suspects as CSV, the most suspicious first."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in noise.suspects:
        probabilities = (f"{each.given_probability:.6g}", f"{each.likely_probability:.6g}")
        writer.writerow((each.id, each.inputs, each.given, each.likely, *probabilities))
    return lines.getvalue()


def _blocks(noise: LabelNoise, whole: str) -> Iterator[Block]:
    found = noise.suspects
    if found:
        share = percent(len(found), noise.rate.n)
        are = "is suspect" if len(found) == 1 else "are suspect; the most suspicious stand first"
        yield Paragraph(text=f"{len(found):,} of {counted(noise.rate.n, 'label')} ({share}) {are}.", lead=True)
    else:
        yield Paragraph(text=f"None of {counted(noise.rate.n, 'label')} is suspect.", lead=True)
    yield Paragraph(
        text=f"Each label was judged by a model that had not seen it ({noise.answered_by}, {noise.folds} folds), which "
        f"answers as the labels say in {scored(noise.agreement)} of the rows; {noise.found_by} picked the suspects. "
        f"The estimated share of wrong labels is {scored(noise.rate)}: {noise.rate.caution}."
    )
    contradicted = 0.0 if noise.agreement.value is None else 1 - noise.agreement.value
    if found and contradicted > WEAK:
        yield Paragraph(
            text=f"It contradicts {percent(contradicted, 1)} of the labels: most suspects may be its own mistakes, "
            "and a better model tells more (`--with`)."
        )
    if noise.unjudged:
        said = ", ".join(f"{shown(label)} ({counted(rows, 'row')})" for label, rows in noise.unjudged)
        yield Paragraph(text=f"Not judged, since there are fewer rows than folds: {said}.")
    if found:
        more = len(found) - MOST
        yield Grid(
            columns=("id", "input", "label", "likely", "p of label", "p of likely"),
            rows=tuple(
                (
                    shown(each.id),
                    shown(each.inputs, _INPUT),
                    shown(each.given),
                    shown(each.likely),
                    fixed(each.given_probability),
                    fixed(each.likely_probability),
                )
                for each in found[:MOST]
            ),
            numeric=(4, 5),
            caption=f"{counted(more, 'further one', 'further ones')}: {whole}." if more > 0 else "",
        )
        yield Paragraph(
            text="Look at each before its label is changed: a row that is right and unlike all others looks the same. "
            "Mend labels in the data, or leave rows out; of held-out rows only where the label is plainly wrong."
        )
