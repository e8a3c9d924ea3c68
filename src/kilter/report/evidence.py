"""The evidence of a finding as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from kilter.report.wording import number, shown, visible
from kilter.values.document import Grid
from kilter.values.finding import Finding

MOST_ROWS = 30
LONGEST = 4000  # characters of one value, such as a trace


def evidence_grids(finding: Finding) -> tuple[Grid, ...]:
    """Its numbers and words as one table, and each small table in it as one more.

    >>> from kilter.values.finding import Severity
    >>> finding = Finding(code="D102", name="split-overlap", severity=Severity.FAILURE, seen="", advice="",
    ...                   evidence={"share": 0.03, "rows": [{"train": "a:1", "valid": "b:7"}]})
    >>> [grid.rows for grid in evidence_grids(finding)]
    [(('share', '0.03'),), (('a:1', 'b:7'),)]
    """
    words: list[tuple[str, str]] = []
    tables: list[Grid] = []
    for name, value in finding.evidence.items():
        table = _table(name, value)
        if table is None:
            words.append((shown(name), _text(value)))
        else:
            tables.append(table)
    first = (Grid(columns=("evidence", "value"), rows=tuple(words)),) if words else ()
    return (*first, *tables)


def evidence_line(finding: Finding) -> str:
    """Its numbers and words in one line; tables and traces are left to the report.

    >>> from kilter.values.finding import Severity
    >>> evidence_line(Finding(code="D102", name="split-overlap", severity=Severity.FAILURE, seen="", advice="",
    ...                       evidence={"share": 0.03, "rows": [{"train": "a:1"}], "split": "valid"}))
    'share 0.03, split valid'
    """
    simple = {name: value for name, value in finding.evidence.items() if isinstance(value, bool | int | float | str)}
    return ", ".join(f"{shown(name)} {shown(_text(value), 80)}" for name, value in simple.items())


def _table(name: str, value: object) -> Grid | None:
    """A list of rows, a list of mappings, a mapping of columns or a mapping of words, as a table; else None."""
    if isinstance(value, Mapping) and value:
        if all(_is_row(column) for column in value.values()):
            return _grid(name, tuple(map(str, value)), _across(list(value.values())))
        return _grid(name, (name, "value"), list(value.items()))
    if not _is_row(value) or not value:
        return None
    rows = list(value)  # type: ignore[call-overload]
    if all(isinstance(row, Mapping) for row in rows):
        columns = tuple(dict.fromkeys(str(key) for row in rows for key in row))
        return _grid(name, columns, [[row.get(column) for column in columns] for row in rows])
    if all(_is_row(row) and len(row) == len(rows[0]) for row in rows) and len(rows[0]):
        return _grid(name, tuple("" for _ in rows[0]), rows)
    return None


def _across(columns: Sequence[Sequence[object]]) -> list[list[object]]:
    longest = max(len(column) for column in columns)
    return [[column[row] if row < len(column) else None for column in columns] for row in range(longest)]


def _grid(name: str, columns: tuple[str, ...], rows: Sequence[Sequence[object]]) -> Grid:
    more = f", the first {MOST_ROWS} of {len(rows):,} rows" if len(rows) > MOST_ROWS else ""
    return Grid(
        columns=tuple(shown(column) for column in columns),
        rows=tuple(tuple(_text(cell, 240) for cell in row) for row in rows[:MOST_ROWS]),
        caption=f"{shown(name)}{more}",
    )


def _is_row(value: object) -> bool:
    return isinstance(value, list | tuple)


def _text(value: object, limit: int = LONGEST) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return number(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str):
        return visible(value[:limit])
    return shown(json.dumps(value, default=str, ensure_ascii=False), limit)
