"""The nouns are frozen, slotted and final, and say their fields by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

BY_POSITION = 2
"""So many fields may be given by position: an amount and its unit need no names."""


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Dataclasses of `values/` that could be changed, extended or filled in the wrong order."""
    for source in sources:
        if source.folder != "values":
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and (decorator := _dataclass(node)) is not None:
                for missing in _missing(node, decorator):
                    yield Breach(source.path, node.lineno, f"{node.name} is a value and lacks {missing}")


def _dataclass(node: ast.ClassDef) -> ast.expr | None:
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(called) in {"dataclass", "dataclasses.dataclass"}:
            return decorator
    return None


def _missing(node: ast.ClassDef, decorator: ast.expr) -> Iterator[str]:
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    given = {keyword.arg for keyword in keywords if ast.unparse(keyword.value) == "True"}
    fields = sum(isinstance(item, ast.AnnAssign) and "ClassVar" not in ast.unparse(item) for item in node.body)
    required = {"frozen", "slots"} | ({"kw_only"} if fields > BY_POSITION else set())
    yield from (f"{word}=True" for word in sorted(required - given))
    if not any(ast.unparse(item) in {"final", "typing.final"} for item in node.decorator_list):
        yield "@final"
