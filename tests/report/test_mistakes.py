from __future__ import annotations

from dataclasses import replace

from kilter.report.mistakes import MOST_MISTAKES, mistake_section


def test_the_most_costly_mistakes_stand_with_ids_and_inputs(languages):
    _, grid = mistake_section(languages.evaluation("test"))
    assert grid.columns == ("id", "input", "truth", "decided", "confidence", "cost")
    assert len(grid.rows) == MOST_MISTAKES
    first = languages.evaluation("test").mistakes[0]
    assert grid.rows[0][:4] == (first.id, first.inputs, first.target, first.decided)
    assert grid.rows[0][4].endswith(" %")


def test_without_confidence_there_is_no_such_column(regression):
    _, grid = mistake_section(regression.evaluation("test"))
    assert grid.columns == ("id", "input", "truth", "decided", "cost")
    assert grid.numeric == (4,)


def test_who_made_no_mistakes_has_no_such_section(languages):
    assert list(mistake_section(replace(languages.evaluation("test"), mistakes=()))) == []
