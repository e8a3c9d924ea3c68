"""Documents: headings, tables, figures and findings, before any rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from kilter.values.finding import Finding
from kilter.values.frozen_map import FrozenMap


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A section begins."""

    text: str
    level: int = 2
    anchor: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Plain words; `lead` is what a reader must not miss."""

    text: str
    lead: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table; cells are text, shown and never run. `numeric` columns are set to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numeric: tuple[int, ...] = ()
    emphasised: tuple[int, ...] = ()  # row numbers


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart as a plotly specification (`data`, `layout`), and the sentence that says what it shows."""

    title: str
    spec: Mapping[str, object]
    says: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "spec", FrozenMap(self.spec))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Findings in their order."""

    findings: tuple[Finding, ...]


Block: TypeAlias = Heading | Paragraph | Grid | Figure | Alerts


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A leaf: nothing flows out of it but paper."""

    title: str
    blocks: tuple[Block, ...]
