"""Causes that the code names are names that exist."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from rules.source import Breach, Source

CATALOGUE = "kilter/values/causes.py"


def breaches(sources: Iterable[Source], legal: AbstractSet[str]) -> Iterator[Breach]:
    """Strings in tuples of `causes=(...)`, or of a variable named for causes, that are no cause's name."""
    for source in sources:
        if source.path == CATALOGUE:
            continue
        for node in ast.walk(source.tree):
            for name in _named(node):
                if name.value not in legal:
                    yield Breach(source.path, name.lineno, f"{name.value!r} is no cause of {CATALOGUE}")


def _named(node: ast.AST) -> Iterator[ast.Constant]:
    """The strings that a node gives as causes."""
    match node:
        case ast.keyword(arg="causes", value=value):
            yield from _strings(value)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if "causes" in name.lower():
            yield from _strings(value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if "causes" in name.lower():
            yield from _strings(value)


def _strings(value: ast.expr) -> Iterator[ast.Constant]:
    for node in ast.walk(value):
        if isinstance(node, ast.Tuple | ast.List):
            yield from (item for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str))
