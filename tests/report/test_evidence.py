from __future__ import annotations

import numpy as np

from kilter.report.evidence import MOST_ROWS, evidence_grids, evidence_line
from kilter.values.finding import Finding, Severity


def grids(evidence):
    return evidence_grids(Finding(code="X", name="x", severity=Severity.NOTE, seen="", advice="", evidence=evidence))


def test_numbers_and_words_stand_in_one_table():
    (grid,) = grids(
        {"share": 0.123456, "count": 13, "none": None, "word": "a\x1bb", "list": [1, 2], "value": np.float64(2)}
    )
    assert grid.rows == (
        ("share", "0.1235"),
        ("count", "13"),
        ("none", "–"),
        ("word", r"a\x1bb"),
        ("list", "[1, 2]"),
        ("value", "2"),
    )


def test_tables_in_every_form():
    rows, columns, pairs, words = grids(
        {
            "rows": [{"a": 1, "b": "x"}, {"a": 2, "c": 0.5}],
            "columns": {"a": [1, 2], "b": ["x"]},
            "pairs": [["x", 1], ["y", 2]],
            "words": {"a": 1, "b": {"c": 2}},
        }
    )
    assert (rows.columns, rows.rows) == (("a", "b", "c"), (("1", "x", "–"), ("2", "–", "0.5")))
    assert (columns.columns, columns.rows) == (("a", "b"), (("1", "x"), ("2", "–")))
    assert (pairs.columns, pairs.rows) == (("", ""), (("x", "1"), ("y", "2")))
    assert (words.columns, words.rows) == (("words", "value"), (("a", "1"), ("b", '{"c": 2}')))


def test_a_trace_keeps_its_lines():
    (grid,) = grids({"trace": "Traceback\n  line 1\nValueError"})
    assert grid.rows == (("trace", "Traceback\n  line 1\nValueError"),)


def test_long_tables_are_cut_and_say_so():
    (grid,) = grids({"rows": [[row, "x"] for row in range(100)]})
    assert len(grid.rows) == MOST_ROWS
    assert grid.caption == "rows, the first 30 of 100 rows"


def test_without_evidence_there_is_no_table():
    assert grids({}) == ()


def test_numbers_and_words_stand_in_one_line_and_tables_do_not():
    evidence = {"share": 0.123456, "fast": True, "word": "a\x1bb", "rows": [{"a": 1}], "none": None}
    finding = Finding(code="X", name="x", severity=Severity.NOTE, seen="", advice="", evidence=evidence)

    assert evidence_line(finding) == r"share 0.1235, fast true, word a\x1bb"
