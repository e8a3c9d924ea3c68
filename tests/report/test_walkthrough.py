"""One example followed through, on paper."""

from kilter.report.composing import compose
from kilter.report.html import render_html
from kilter.report.terminal import render_terminal
from kilter.report.walkthrough import walkthrough_document, walkthrough_section
from kilter.values.document import Grid, Heading, Paragraph
from kilter.values.run import Run
from kilter.values.walkthrough import Passage, Walkthrough

MADE = Walkthrough(
    id="t.csv:2",
    split="valid",
    weights="the best weights",
    passages=(
        Passage(title="As it was read", said="The row.", columns=("column", "value"), rows=(("text", "<b>hi</b>"),)),
        Passage(title="A sentence", said="Nothing more."),
    ),
)


def test_each_passage_is_a_heading_a_sentence_and_a_table():
    blocks = list(walkthrough_section(MADE))
    assert [type(block) for block in blocks] == [Heading, Paragraph, Heading, Paragraph, Grid, Heading, Paragraph]
    assert blocks[0].anchor == "walkthrough"
    assert "t.csv:2 of the valid split, answered with the best weights" in blocks[1].text
    assert [block.text for block in blocks if isinstance(block, Heading)][1:] == ["1. As it was read", "2. A sentence"]


def test_as_a_document_of_its_own_it_has_a_title():
    document = walkthrough_document(MADE, "one example of t")
    text = render_terminal(document, width=80, colour=False)
    assert text.startswith("one example of t")
    assert "<b>hi</b>" in text


def test_a_run_that_has_one_shows_it_and_others_do_not(tmp_path):
    with_one = compose(Run(path=tmp_path, status="done", walkthrough=MADE))
    page = render_html(with_one)
    assert "One example followed through" in page
    assert "<b>hi</b>" not in page  # cells are shown and never run
    assert "One example" not in render_html(compose(Run(path=tmp_path, status="done")))
