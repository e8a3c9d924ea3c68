"""Files of the package as the rules see them, and what a rule says of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple, final


class Source(NamedTuple):
    """One file: its path from `src` on (`kilter/metrics/intervals.py`) and its text."""

    path: str
    text: str

    @property
    def module(self) -> str:
        """The dotted name: `kilter.metrics.intervals`; a package's for its `__init__`."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def folder(self) -> str:
        """The room of the house, `metrics`; empty for the files of `kilter` itself."""
        _, *inner = self.path.split("/")
        return inner[0] if len(inner) > 1 else ""

    @property
    def is_face(self) -> bool:
        """Whether this is a package's `__init__`."""
        return self.path.endswith("/__init__.py")

    @property
    def tree(self) -> ast.Module:
        """The parsed text; the same object each time."""
        return _parse(self.text)


@final
@dataclass(frozen=True, slots=True)
class Breach:
    """A place that breaks a rule, and how."""

    path: str
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.said}"


@cache
def _parse(text: str) -> ast.Module:
    return ast.parse(text)


def read(src: Path) -> tuple[Source, ...]:
    """All Python files below `src/kilter`, in order."""
    files = sorted((src / "kilter").rglob("*.py"))
    return tuple(Source(file.relative_to(src).as_posix(), file.read_text(encoding="utf-8")) for file in files)


def forbid(breaches: Iterable[Breach]) -> None:
    """Fail with every breach on its own line.

    Raises:
        AssertionError: there is a breach.
    """
    __tracebackhide__ = True  # pytest shows the test that called, not this line
    said = [str(breach) for breach in breaches]
    if said:
        raise AssertionError("\n".join([f"{len(said)} breaches of a rule of the house", *said]))
