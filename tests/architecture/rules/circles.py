"""No circles of imports between files, also inside a folder."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from rules.imports import imports
from rules.source import Breach, Source


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """One breach for each circle, written as the way round."""
    sources = tuple(sources)
    modules = {source.module: source for source in sources}
    lines = {
        (source.module, found.module): found.line
        for source in sources
        for found in imports(source, modules.keys())
        if found.module in modules
    }
    while circle := _circle(lines):
        first = min(itertools.pairwise(circle))  # the same edge whatever the order of the search
        yield Breach(modules[first[0]].path, lines.pop(first), "a circle of imports: " + " -> ".join(circle))


def _circle(edges: Iterable[tuple[str, str]]) -> list[str]:
    """A way from a file back to itself, in the direction of the imports; empty where there is none."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for importing, imported in edges:
        sorter.add(importing, imported)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
