"""Lists the records of decisions in the manual, in the order of their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The records, below the page that says how they are written."""
    records = sorted(Path(config.docs_dir, "decisions").glob("[0-9]*.md"))
    for section in config.nav or ():
        if isinstance(section, dict) and section.get("Decisions"):
            section["Decisions"] += [f"decisions/{record.name}" for record in records]
    return config
