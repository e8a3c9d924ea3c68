"""Only the command line prints."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.source import Breach, Source


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Calls of print outside `cli/`."""
    for source in sources:
        if source.folder == "cli":
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "pprint"}:
                yield Breach(source.path, node.lineno, f"{node.func.id} outside cli/: return it, or yield a finding")
