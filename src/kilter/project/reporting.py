"""A run's report, written into its folder with the page that a person fills in; nothing here needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kilter.project.folder import INTERPRETATION, REPORT, write_text
from kilter.report.composing import compose
from kilter.report.hiding import as_told
from kilter.report.html import render_html
from kilter.report.interpretation import blank_page

if TYPE_CHECKING:
    from pathlib import Path

    from kilter.values.run import Run


def write_report(run: Run) -> Path:
    """Write `report.html` from what the run's folder holds, and say where it is.

    Beside it stands `interpretation.md` from the moment on when the run was evaluated; it is never written over.

    Raises:
        TrainingError: the disk refuses.
    """
    path, page = run.path / REPORT, run.path / INTERPRETATION
    blank = "" if page.exists() else blank_page(as_told(run))
    if blank:
        write_text(page, blank)
    write_text(path, render_html(compose(run)))
    return path
