"""A walkthrough: one real example on its way through a pipeline, from the file to the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What the example is at one point of its way: a sentence, and a table of what can be counted.

    Attributes:
        title: where on its way it is.
        said: what happened to it there, in a sentence or two.
        columns: of the table; empty where there is none.
        rows: cells as text.
        numeric: numbers of the columns that hold numbers.
        quoting: numbers of the columns that hold words of the data.
    """

    title: str
    said: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numeric: tuple[int, ...] = ()
    quoting: tuple[int, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Walkthrough:
    """One example followed through.

    Attributes:
        id: of the example; it leads back to the data.
        split: in which it stands.
        weights: those of which the answer is, in words.
        passages: in the order of the way.
    """

    id: str
    split: str
    weights: str
    passages: tuple[Passage, ...]
