"""A document as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size

from kilter.report.wording import shown, visible
from kilter.values.document import Alerts, Block, Document, Figure, Grid, Heading, Paragraph
from kilter.values.finding import Finding, Severity

NARROWEST: Final = 8  # cells to which a column of words may shrink
GAP: Final = "  "
WHERE: Final = 3  # places named for a finding; the report has all of them

_BOLD: Final = "1"
_FAINT: Final = "2"
_COLOURS: Final = {Severity.FAILURE: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


def render_terminal(document: Document, *, width: int = 100, colour: bool = False) -> str:
    """A document as lines of at most `width` cells; a table whose numbers need more stands as wide as they are.

    Args:
        document: what is rendered; figures stand as the sentence that says what they show.
        width: cells of a line.
        colour: whether to use ANSI colours; the caller knows the terminal and `NO_COLOR`.
    """
    lines = [*(_styled(line, _BOLD, colour=colour) for line in _wrapped(document.title, width, "")), ""]
    for block in document.blocks:
        lines += [*_lines(block, width, colour=colour), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def finding_lines(findings: Iterable[Finding], *, width: int = 100, colour: bool = False) -> tuple[str, ...]:
    """Findings as lines: severity, code and name; what was seen; what to do; likely causes; where."""
    lines: list[str] = []
    for finding in findings:
        word = _styled(f"{finding.severity.word.upper():<8}", _COLOURS[finding.severity], colour=colour)
        lines.append(f"{word} {_styled(f'{finding.code} {visible(finding.name)}', _BOLD, colour=colour)}")
        lines += _wrapped(finding.seen, width, "         ")
        lines += _wrapped(finding.advice, width, "       → ", "         ")
        if finding.experiment:
            lines += _wrapped(finding.experiment, width, "       ? ", "         ")
        if finding.causes:
            lines += _wrapped(f"likely causes: {', '.join(finding.causes)}", width, "         ")
        if finding.where:
            places = ", ".join(shown(place, 60) for place in finding.where[:WHERE])
            more = f" and {len(finding.where) - WHERE:,} more" if len(finding.where) > WHERE else ""
            lines += _wrapped(f"where: {places}{more}", width, "         ")
    return tuple(lines)


def grid_lines(grid: Grid, *, width: int = 100, colour: bool = False) -> tuple[str, ...]:
    """A table with aligned columns; where it is too wide, columns of words are shortened, numbers never."""
    header = [shown(cell, 200) for cell in grid.columns]
    rows = [[shown(cell, 400) for cell in row] for row in grid.rows]
    widths = [max(map(cell_len, column), default=0) for column in zip(header, *rows, strict=True)]
    words = [column for column in range(len(widths)) if column not in grid.numeric]
    spare = width - sum(widths) - len(GAP) * (len(widths) - 1)
    while spare < 0 and words:
        widest = max(words, key=lambda column: widths[column])
        if widths[widest] <= NARROWEST:
            break
        next_widest = max((widths[column] for column in words if widths[column] < widths[widest]), default=NARROWEST)
        cut = min(-spare, max(1, widths[widest] - max(next_widest, NARROWEST)))
        widths[widest] -= cut
        spare += cut
    lines = _wrapped(grid.caption, width, "") if grid.caption else []
    lines.append(_styled(_row(header, widths, grid.numeric), _FAINT, colour=colour))
    for place, row in enumerate(rows):
        line = _row(row, widths, grid.numeric)
        lines.append(_styled(line, _BOLD, colour=colour) if place in grid.emphasised else line)
    return tuple(lines)


def _lines(block: Block, width: int, *, colour: bool) -> Sequence[str]:
    match block:
        case Heading():
            return [_styled(_ruled(visible(block.text), width if block.level <= 2 else 0), _BOLD, colour=colour)]
        case Paragraph():
            lines = _wrapped(block.text, width, "")
            return [_styled(line, _BOLD, colour=colour) for line in lines] if block.lead else lines
        case Grid():
            return grid_lines(block, width=width, colour=colour)
        case Figure():
            return _wrapped(f"{block.title}: {block.says}", width, "")
        case Alerts():
            return finding_lines(block.findings, width=width, colour=colour)


def _ruled(text: str, width: int) -> str:
    return f"── {text} {'─' * max(3, width - cell_len(text) - 4)}" if width else text


def _row(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[int]) -> str:
    return GAP.join(
        _fit(cell, width, right=column in numeric)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


def _fit(cell: str, width: int, *, right: bool) -> str:
    size = cell_len(cell)
    if size > width:
        return f"{set_cell_size(cell, width - 1)}…"
    return " " * (width - size) + cell if right else cell + " " * (width - size)


def _wrapped(text: str, width: int, first: str, then: str | None = None) -> list[str]:
    """Text broken between words at so many cells; a word that is longer than a line is broken, too."""
    then = first if then is None else then
    room = max(20, width - cell_len(first))
    lines = [""]
    for word in visible(text).split():
        pieces = chop_cells(word, room) if cell_len(word) > room else [word]
        for piece in pieces:
            if lines[-1] and cell_len(lines[-1]) + 1 + cell_len(piece) > room:
                lines.append(piece)
            else:
                lines[-1] = f"{lines[-1]} {piece}".lstrip()
    return [(first if place == 0 else then) + line for place, line in enumerate(lines)]


def _styled(text: str, style: str, *, colour: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if colour else text
