"""The section on where errors lie."""

from dataclasses import replace

from kilter.report.slices import slice_section
from kilter.report.terminal import render_terminal
from kilter.values.document import Document
from kilter.values.evaluation import Evaluation, Measures, Slice
from kilter.values.score import Score


def score(value, n):
    return Score(name="accuracy", value=value, low=value - 0.1, high=value + 0.1, n=n)


def evaluated(*slices):
    return Evaluation(model="model", split="test", measures=Measures(scores=(score(0.8, 100),)), slices=slices)


HARD = Slice(
    name="different tokens, a and b = 1",
    said="the number of tokens in which 'a' and 'b' differ is 1",
    n=40,
    inside=score(0.5, 40),
    outside=score(0.85, 60),
    lost=0.75,
    p_value=1e-6,
    examples=("test.csv:3", "test.csv:9"),
)


def test_without_slices_there_is_no_section():
    assert list(slice_section(evaluated())) == []


def test_each_slice_is_a_row_with_its_scores_and_examples():
    heading, paragraph, grid = slice_section(evaluated(HARD))
    assert heading.anchor == "slices"
    assert "75.0 % of what was lost on the test split lies in 40 examples" in paragraph.text
    assert "such as test.csv:3, test.csv:9." in paragraph.text
    ((name, count, inside, outside, lost, p),) = grid.rows
    assert (name, count) == ("different tokens, a and b = 1", "40")
    assert (inside, outside) == ("0.500 [0.400, 0.600]", "0.850")
    assert (lost, p) == ("75.0 %", "< 0.0001")


def test_the_terminal_shows_it():
    document = Document(title="run", blocks=tuple(slice_section(evaluated(HARD))))
    assert "different tokens" in render_terminal(document, width=120, colour=False)


def test_those_asked_for_have_a_table_of_their_own():
    asked = replace(HARD, name="town = Ulm", p_value=0.7, asked=True)
    _, _, searched, grid = slice_section(evaluated(HARD, asked))
    assert [row[0] for row in searched.rows] == [HARD.name]
    assert [row[0] for row in grid.rows] == ["town = Ulm"]
    assert "asked for" in grid.caption
    assert "asked for" not in searched.caption
    _, alone = slice_section(evaluated(asked))
    assert alone == grid
