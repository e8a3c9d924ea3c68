import pytest

from kilter.values.document import Alerts, Document, Figure, Grid, Heading, Paragraph


def test_a_document_is_its_blocks():
    blocks = (Heading(text="a"), Paragraph(text="b"), Grid(columns=("x",), rows=(("1",),)), Alerts(findings=()))

    assert Document(title="t", blocks=blocks).blocks == blocks


def test_a_heading_begins_a_section_and_a_paragraph_does_not_lead_unless_said():
    assert Heading(text="a").level == 2
    assert not Paragraph(text="b").lead


def test_a_figure_cannot_be_changed_through_the_specification_it_was_made_of():
    spec = {"data": []}
    figure = Figure(title="f", spec=spec, says="nothing")
    spec["data"] = [1]

    assert figure.spec["data"] == []
    with pytest.raises(TypeError):
        figure.spec["data"] = [2]
