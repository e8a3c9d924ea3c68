"""The half of the house that runs without torch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

TORCH_FREE = (
    "kilter.values",
    "kilter.metrics",
    "kilter.evaluation",
    "kilter.report",
    "kilter.logs",
    "kilter.notebooks",
    "kilter.checks.curves",
    "kilter.checks.notebook",
    "kilter.search.strategies",
)
"""Files and folders, with all that is below them."""

FOREIGN = ("torch", "safetensors.torch", "lightning", "transformers", "accelerate")
"""What brings torch into the process."""


def is_torch_free(module: str) -> bool:
    """Whether a module of ours belongs to the torch-free half."""
    return any(module == free or module.startswith(f"{free}.") for free in TORCH_FREE)


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Imports of torch that run when a file of the torch-free half is imported."""
    for source in sources:
        if is_torch_free(source.module):
            for node in _run_at_import(source.tree):
                yield from (
                    Breach(source.path, node.lineno, f"imports {name} at its top; this half of kilter runs without")
                    for name in _imported(node)
                    if name.startswith(tuple(f"{foreign}." for foreign in FOREIGN)) or name in FOREIGN
                )


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that importing a file runs: not the bodies of functions, not what stands for type checking only."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=otherwise):
                for statement in otherwise:
                    yield statement
                    yield from _run_at_import(statement)
            case _:
                yield child
                yield from _run_at_import(child)


def _imported(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Import(names=names):
            return tuple(alias.name for alias in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return tuple(f"{module}.{alias.name}" for alias in names)
    return ()
