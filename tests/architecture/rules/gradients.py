"""Gradients are taken in `engine/` and nowhere else; programs of the conformance suite are people's own trainings."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

PERSONS = "kilter/testing/programs/"
"""Programs as people write them, with backward in their steps; they are what is examined."""

PROGRAMS = "kilter/testing/programs/"
"""Trainings as people write them, handed to the doctor whole."""


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Uses of backward and of autograd's functions outside `engine/`, but in programs of people."""
    for source in sources:
        if source.folder == "engine" or source.path.startswith(PERSONS):
            continue
        for node in ast.walk(source.tree):
            if taken := _taken(node):
                yield Breach(source.path, node.lineno, f"{taken} outside engine/: call the engine's function")


def _taken(node: ast.AST) -> str:
    match node:
        case ast.Attribute(attr="backward"):
            return ".backward"
        case ast.Attribute(attr="grad", value=ast.Attribute(attr="autograd") | ast.Name(id="autograd")):
            return "autograd.grad"
        case ast.ImportFrom(module="torch.autograd", names=names) if {"grad", "backward"} & {a.name for a in names}:
            return "autograd.grad"
    return ""
