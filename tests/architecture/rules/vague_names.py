"""A file's name says what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

VAGUE = frozenset(
    {"base", "common", "core", "helper", "helpers", "manager", "managers", "misc", "util", "utils", "utilities"}
)


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Modules and folders that are named for nothing."""
    for source in sources:
        for part in source.module.split("."):
            if part.strip("_") in VAGUE or part.endswith(("_util", "_utils", "_helper", "_helpers", "_misc")):
                yield Breach(source.path, 1, f"'{part}' names no thing; name it for what it holds")
