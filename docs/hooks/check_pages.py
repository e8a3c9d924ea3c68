"""Makes a page of the manual for every check, from its docstring and its thresholds, and lists the names of causes.

Families are the packages of `kilter.checks`; each says its checks in one tuple, `NAME_CHECKS`, of its `__init__`. A
family with rooms, as that of programs, has a tuple in each of them.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from dataclasses import MISSING, fields, is_dataclass
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from mkdocs.structure.files import File

from kilter.values.causes import CAUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from kilter.checks.check import Check

INDEX = "checks/index.md"
_COMMENT = re.compile(r"\s+(\w+)\s*:[^#]*#\s*(.+)")


class Entry(NamedTuple):
    """A check and the family it belongs to."""

    family: str
    check: Check[object]

    @property
    def title(self) -> str:
        """The code and the name, as a finding shows them."""
        return f"{self.check.code} {self.check.name}"

    @property
    def path(self) -> str:
        """The page, from the folder of the manual on."""
        return f"checks/{self.check.code.lower()}-{self.check.name}.md"


def catalogue() -> tuple[Entry, ...]:
    """All checks of all families, by family, room and code."""
    entries = [
        Entry(family, check)
        for family, module in _families()
        for name, checks in vars(module).items()
        if name.endswith("_CHECKS")
        for check in checks
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.family, entry.check.code)))


def _families() -> Iterator[tuple[str, ModuleType]]:
    """Names of families, with their rooms where they have any, and the packages that hold the tuples."""
    for name, family in _packages("kilter.checks"):
        rooms = list(_packages(f"kilter.checks.{name}"))
        yield from [(f"{name}: {room}", module) for room, module in rooms] or [(name, family)]


def _packages(parent: str) -> Iterator[tuple[str, ModuleType]]:
    for module in pkgutil.iter_modules(import_module(parent).__path__):
        if module.ispkg:
            yield module.name, import_module(f"{parent}.{module.name}")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The pages of each family, below the overview of the checks."""
    for section in config.nav or ():
        if isinstance(section, dict) and section.get("Checks"):
            for family, entries in groupby(catalogue(), lambda entry: entry.family):
                section["Checks"].append({family.capitalize(): [{entry.title: entry.path} for entry in entries]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """A page for each check."""
    for entry in catalogue():
        files.append(File.generated(config, entry.path, content=page(entry)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """The overview lists what there is; the page of names lists the causes."""
    if page.file.src_uri == INDEX:
        return f"{markdown}\n{overview()}"
    return markdown.replace("<!-- causes -->", causes())


def overview() -> str:
    """A table of checks for each family."""
    lines = []
    for family, entries in groupby(catalogue(), lambda entry: entry.family):
        lines += [f"\n## {family.capitalize()}\n", "| check | finds |", "|---|---|"]
        for entry in entries:
            first, *_ = inspect.getdoc(type(entry.check)).splitlines()
            lines.append(f"| [{entry.title}]({entry.path.removeprefix('checks/')}) | {_cell(first)} |")
    return "\n".join(lines) + "\n"


def causes() -> str:
    """The names of causes, a paragraph for each family."""
    return "\n\n".join(
        f"**{family.capitalize()}.** " + " · ".join(f"`{name}`" for name in names) for family, names in CAUSES.items()
    )


def page(entry: Entry) -> str:
    """The docstring of a check as Markdown, and its thresholds as a table."""
    text = "\n".join(_prose(inspect.getdoc(type(entry.check))))
    rows = [f"| `{name}` | `{value}` | {_cell(meaning)} |" for name, value, meaning in thresholds(entry.check)]
    table = ["\n## Thresholds\n", "| field | default | meaning |", "|---|---|---|", *rows] if rows else []
    return "\n".join([f"# {entry.title}\n", text, *table]) + "\n"


def thresholds(check: Check[object]) -> Iterator[tuple[str, str, str]]:
    """Name, default and meaning of each field; the meaning is the comment beside it or its line of `Attributes:`."""
    if not is_dataclass(check):
        return
    said = dict(
        match.groups() for line in inspect.getsource(type(check)).splitlines() if (match := _COMMENT.match(line))
    )
    said |= _attributes(inspect.getdoc(type(check)))
    for field in fields(check):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        yield field.name, str(default) if default is not MISSING else "required", said.get(field.name, "")


def _prose(text: str) -> Iterator[str]:
    """Prose as it is, examples as code; the section `Attributes:` goes to the table of thresholds."""
    example = False
    for line in text.partition("\nAttributes:")[0].splitlines():
        if line.startswith(">>>") and not example:
            example = True
            yield "```pycon"
        elif not line and example:
            example = False
            yield "```"
        yield line
    if example:
        yield "```"


def _attributes(text: str) -> dict[str, str]:
    section = inspect.cleandoc(text.partition("\nAttributes:")[2])
    return {name: meaning for name, colon, meaning in (line.partition(": ") for line in section.splitlines()) if colon}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
