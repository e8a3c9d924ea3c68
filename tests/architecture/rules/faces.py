"""Imports name the file; packages have no face, but for the front door and the check families."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from rules.imports import Import, imports
from rules.source import Breach, Source

FRONT_DOOR = "kilter/__init__.py"
FAMILY = re.compile(r"kilter/checks/\w+(/\w+)?/__init__\.py")  # the second part where a family has rooms
TUPLE = re.compile(r"[A-Z]+_CHECKS")


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Imports from a package's face, and faces that hold more than they may."""
    sources = tuple(sources)
    packages = {source.module: source for source in sources if source.is_face}
    modules = {source.module for source in sources}
    for source in sources:
        for found in imports(source, modules):
            if found.module in packages and not _is_tuple_of_family(found, packages[found.module]):
                yield Breach(source.path, found.line, f"imports from the face of {found.module}; name the file")
        if source.is_face and source.path != FRONT_DOOR:
            yield from _overfull(source)


def _is_tuple_of_family(found: Import, face: Source) -> bool:
    return bool(FAMILY.fullmatch(face.path) and found.names and all(TUPLE.fullmatch(name) for name in found.names))


def _overfull(face: Source) -> Iterator[Breach]:
    if not FAMILY.fullmatch(face.path):
        if face.tree.body:
            yield Breach(face.path, face.tree.body[0].lineno, "an __init__ file is empty")
        return
    for node in face.tree.body:
        if not _belongs_in_family(node):
            yield Breach(face.path, node.lineno, "a family's __init__ holds its imports and its one tuple of checks")
    if sum(_is_tuple(node) for node in face.tree.body) != 1:
        yield Breach(face.path, 1, "a family's __init__ says its checks in one tuple, NAME_CHECKS")


def _belongs_in_family(node: ast.stmt) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or isinstance(node, ast.ImportFrom) or _is_tuple(node) or _is_for_types(node)


def _is_tuple(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple()):
            return bool(TUPLE.fullmatch(name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Tuple()):
            return bool(TUPLE.fullmatch(name))
    return False


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
