"""A file of more than 400 lines has two ideas in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.source import Breach, Source

MOST = 400


def breaches(sources: Iterable[Source]) -> Iterator[Breach]:
    """Files that are too long."""
    for source in sources:
        lines = len(source.text.splitlines())
        if lines > MOST:
            yield Breach(source.path, MOST + 1, f"{lines} lines; {MOST} are the most: part its two ideas")
