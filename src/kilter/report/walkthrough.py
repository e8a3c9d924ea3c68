"""A section of a document: one example followed through a pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kilter.report.wording import shown, visible
from kilter.values.document import Block, Document, Grid, Heading, Paragraph
from kilter.values.walkthrough import Walkthrough

CELL: Final = 240  # characters of a cell


def walkthrough_section(walkthrough: Walkthrough) -> Iterator[Block]:
    """The example at each point of its way, under a heading of its own."""
    yield Heading(text="One example followed through", anchor="walkthrough")
    yield from _passages(walkthrough, level=3)


def walkthrough_document(walkthrough: Walkthrough, title: str) -> Document:
    """A walkthrough as a document of its own."""
    return Document(title=title, blocks=tuple(_passages(walkthrough, level=2)))


def _passages(walkthrough: Walkthrough, *, level: int) -> Iterator[Block]:
    yield Paragraph(
        text=f"The example {shown(walkthrough.id, 120)} of the {shown(walkthrough.split)} split, answered with "
        f"{shown(walkthrough.weights, 120)}."
    )
    for number, passage in enumerate(walkthrough.passages, start=1):
        yield Heading(text=f"{number}. {shown(passage.title)}", level=level)
        if passage.said:
            yield Paragraph(text=visible(passage.said))
        if passage.rows:
            yield Grid(
                columns=tuple(shown(column) for column in passage.columns),
                rows=tuple(tuple(shown(cell, CELL) for cell in row) for row in passage.rows),
                numeric=passage.numeric,
            )
