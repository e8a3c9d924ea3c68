"""The floors of the house as data, and the rule that imports follow them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.imports import imports
from rules.source import Breach, Source

FLOORS: tuple[tuple[str, ...], ...] = (
    ("values", "metrics"),
    ("data", "tasks", "models", "engine", "evaluation", "report", "logs", "notebooks"),
    ("checks", "finders"),
    ("training",),
    ("search", "tracking", "export"),
    ("project",),
    ("integrations", "pages"),
    ("cli", "testing"),
)
"""From the ground up."""


def _up_to(floor: int) -> frozenset[str]:
    return frozenset(folder for folders in FLOORS[:floor] for folder in folders)


MAY_IMPORT: dict[str, frozenset[str]] = {
    "values": frozenset(),
    "metrics": frozenset(),
    "data": frozenset({"values"}),
    "tasks": frozenset({"values", "metrics"}),
    "models": frozenset({"values"}),
    "engine": frozenset({"values"}),
    "evaluation": frozenset({"values", "metrics"}),
    "report": frozenset({"values"}),
    "logs": frozenset({"values"}),
    "notebooks": frozenset({"values"}),
    "checks": frozenset({"values", "metrics", "tasks", "models", "engine", "notebooks"}),
    "finders": frozenset({"values", "engine"}),
    "training": frozenset({"values", "engine", "checks"}),
    "tracking": frozenset({"values", "logs", "training"}),
    "search": frozenset({"values", "metrics", "checks", "finders", "training"}),
    "export": frozenset({"values", "data", "tasks", "models", "engine"}),
    "project": _up_to(5),
    "integrations": _up_to(6),
    "pages": _up_to(6),
    "testing": _up_to(7),
    "cli": _up_to(8),
}
"""Beside itself, the whole list; imports inside functions and for type checking count, too."""

GROUND = frozenset({"kilter/__init__.py", "kilter/__main__.py"})
"""The only files outside the folders: the front door and `python -m kilter`; they may import everything."""


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Files outside the house, and imports that the table does not have."""
    sources = tuple(sources)
    modules = {source.module for source in sources}
    for source in sources:
        if source.path in GROUND:
            continue
        if source.folder not in MAY_IMPORT:
            yield Breach(source.path, 1, f"stands in no folder of the table: {', '.join(sorted(MAY_IMPORT))}")
            continue
        legal = MAY_IMPORT[source.folder] | {source.folder}
        for found in imports(source, modules):
            _, folder, *_ = [*found.module.split("."), "kilter itself"]
            if folder not in legal:
                yield Breach(source.path, found.line, f"{source.folder} may not import {folder}: {found.module}")
