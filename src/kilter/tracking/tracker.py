"""What a tracker is: somebody who writes rows of a history somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeAlias

Row: TypeAlias = tuple[int, Mapping[str, float]]
"""An optimizer step, and what was recorded there by name."""


class Tracker(Protocol):
    """Writes what was recorded. Rows come in order, each once."""

    def write(self, rows: Iterable[Row]) -> None:
        """Take these rows; they need not be on disk yet."""

    def flush(self) -> None:
        """Have all rows on disk."""

    def close(self) -> None:
        """Flush, and let go of files and connections."""
