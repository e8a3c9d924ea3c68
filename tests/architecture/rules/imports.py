"""What a file imports of ours: at the top, inside functions, for type checking, and by name at run time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from rules.source import Source


class Import(NamedTuple):
    """An import of one module of ours, the names taken from it, and where it stands."""

    module: str
    names: tuple[str, ...]
    line: int


def imports(source: Source, modules: AbstractSet[str]) -> Iterator[Import]:
    """Imports of kilter's modules; `modules` are all that exist, to tell `from package import file` from a name."""
    for node in ast.walk(source.tree):
        for module, names in _targets(node, source):
            if module != "kilter" and not module.startswith("kilter."):
                continue
            files = [name for name in names if f"{module}.{name}" in modules]
            yield from (Import(f"{module}.{name}", (), node.lineno) for name in files)
            if not names or len(files) < len(names):
                yield Import(module, tuple(name for name in names if name not in files), node.lineno)


def _targets(node: ast.AST, source: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    match node:
        case ast.Import(names=names):
            yield from ((alias.name, ()) for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            yield _absolute(module or "", level, source), tuple(alias.name for alias in names)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            yield module, ()


def _absolute(module: str, level: int, source: Source) -> str:
    """The module that a relative import of so many dots names."""
    if level == 0:
        return module
    package = source.module.split(".") if source.is_face else source.module.split(".")[:-1]
    parents = package[: len(package) - (level - 1)]
    return ".".join([*parents, module] if module else parents)
