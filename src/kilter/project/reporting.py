"""A run's report, written into its folder; nothing here needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.project.folder import REPORT, write_text
from kilter.report.composing import compose
from kilter.report.html import render_html

if TYPE_CHECKING:
    from pathlib import Path

    from kilter.values.run import Run


def write_report(run: Run) -> Path:
    """Write `report.html` from what the run's folder holds, and say where it is.

    Raises:
        TrainingError: the disk refuses.
    """
    path = run.path / REPORT
    write_text(path, render_html(compose(run)))
    return path
