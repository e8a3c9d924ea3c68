"""Only a task knows the kind of problem: nobody else branches on what a task is called or made of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.source import Breach, Source


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Comparisons of a task's name or kind, and tests of its class, outside `tasks/`."""
    for source in sources:
        if source.folder == "tasks":
            continue
        for node in ast.walk(source.tree):
            if any(_tells_kind(part) for part in _compared(node)):
                yield Breach(source.path, node.lineno, "decides by the kind of a task; ask the task instead")


def _compared(node: ast.AST) -> tuple[ast.expr, ...]:
    match node:
        case ast.Compare(left=left, comparators=others):
            return (left, *others)
        case ast.Match(subject=subject):
            return (subject,)
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, *_]) if _is_task(subject):
            return (ast.Attribute(value=subject, attr="kind"),)
    return ()


def _tells_kind(part: ast.expr) -> bool:
    return isinstance(part, ast.Attribute) and part.attr in {"name", "kind"} and _is_task(part.value)


def _is_task(part: ast.expr) -> bool:
    match part:
        case ast.Name(id="task") | ast.Attribute(attr="task"):
            return True
    return False
