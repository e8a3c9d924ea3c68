from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kilter.report.composing import compose
from kilter.report.terminal import finding_lines, grid_lines, render_terminal
from kilter.values.document import Document, Grid, Paragraph


@pytest.mark.parametrize("name", ["languages", "regression", "gated"])
def test_golden(request, golden, name):
    golden(f"{name}.txt", render_terminal(compose(request.getfixturevalue(name))))


def test_golden_colour(gated, golden):
    golden("gated.ansi", render_terminal(compose(gated), width=72, colour=True))


def test_without_colour_there_is_no_escape_sequence(languages, hostile):
    for run in (languages, hostile):
        assert "\x1b" not in render_terminal(compose(run))


def test_foreign_text_cannot_act_on_a_terminal(hostile):
    text = render_terminal(compose(hostile), colour=True)
    own = {"\x1b[1m", "\x1b[2m", "\x1b[0m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m"}
    for sequence in own:
        text = text.replace(sequence, "")
    assert not {"\x1b", "\x07", "\x00", "\x9b", "\r", "\u202e"} & set(text)
    text.encode()


def test_lines_keep_to_the_width(languages, hostile):
    for run in (languages, hostile):
        for line in render_terminal(compose(run), width=110).splitlines():
            assert cell_len(line) <= 110


def test_words_are_shortened_and_numbers_never():
    grid = Grid(columns=("name", "value"), rows=(("a very long name indeed", "123456789.123"),), numeric=(1,))
    assert grid_lines(grid, width=24) == ("name               value", "a very l…  123456789.123")


def test_wide_characters_are_aligned():
    grid = Grid(columns=("text", "n"), rows=(("東京", "1"), ("Oslo", "22")), numeric=(1,))
    assert grid_lines(grid) == ("text   n", "東京   1", "Oslo  22")


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=5), st.integers(20, 90))
def test_any_table_has_a_line_for_each_row(rows, width):
    lines = grid_lines(Grid(columns=("a", "b"), rows=tuple(rows)), width=width)
    assert len(lines) == 1 + len(rows)
    assert all(cell_len(line) <= width for line in lines)


def test_a_word_that_is_longer_than_a_line_is_broken():
    document = Document(title="t", blocks=(Paragraph(text="x" * 50),))
    assert render_terminal(document, width=20).splitlines()[2:] == ["x" * 20, "x" * 20, "x" * 10]


def test_findings_name_what_was_seen_what_to_do_causes_and_places(languages):
    assert finding_lines(languages.findings[:1], width=80) == (
        "WARNING  D103 contradicting-labels",
        "         9,702 of 23,512 examples (41.3 %) stand in the data with more than one",
        "         label; no model can be right on more than 78.4 % of them.",
        "       → Keep one label for each input, or drop the inputs that have several",
        "         (`data.contradictions: drop`).",
        "         likely causes: label_noise, data_anomaly",
        "         where: names.csv:17, names.csv:26, names.csv:35 and 37 more",
    )
    assert finding_lines(()) == ()
