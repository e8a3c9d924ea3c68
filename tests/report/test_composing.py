from __future__ import annotations

from dataclasses import replace

import pytest

from kilter.report.composing import compose
from kilter.report.interpretation import QUESTIONS
from kilter.values.document import Alerts, Figure, Grid, Heading, Paragraph
from kilter.values.expectation import Expected
from kilter.values.finding import Finding, Severity
from kilter.values.history import History


def headings(document):
    return [block.text for block in document.blocks if isinstance(block, Heading)]


def test_the_verdict_leads_and_each_section_stands(languages):
    document = compose(languages)
    first = document.blocks[0]
    assert isinstance(first, Paragraph)
    assert first.lead
    assert first.text.startswith("The network beats the best simple baseline")
    assert headings(document) == [
        "Comparison",
        "Splits",
        "Ladder",
        "Alerts",
        "Curves",
        "Per class",
        "Confusion",
        "Mistakes",
        "Interpretation",
        *QUESTIONS.values(),
        "Stages",
        "Not looked at",
        "Environment",
        "Configuration",
    ]


def test_a_regression_has_no_classes(regression):
    found = headings(compose(regression))
    assert "Per class" not in found
    assert "Confusion" not in found
    assert "Mistakes" in found


def test_a_gated_run_tells_what_stopped_it(gated):
    document = compose(gated)
    assert headings(document) == ["Alerts", "Stages", "Environment", "Configuration"]
    (alerts,) = (block for block in document.blocks if isinstance(block, Alerts))
    assert [finding.code for finding in alerts.findings] == ["D102", "D103"]


@pytest.mark.parametrize("status", ["running", "failed", "interrupted", "gated", "done"])
def test_whatever_became_of_a_run_it_has_a_document(languages, status):
    bare = replace(
        languages, status=status, stages=(), history=History(), evaluations=(), comparisons=(), environment={}
    )
    assert compose(bare).blocks[0].lead
    assert compose(replace(languages, status=status)).blocks[0].lead


def test_consequences_are_left_out_and_counted(gated):
    explosion = Finding(code="C101", name="explosion", severity=Severity.FAILURE, seen="", advice="")
    nan = Finding(code="C102", name="nan", severity=Severity.FAILURE, seen="", advice="", follows=("explosion",))
    (stage,) = gated.stages
    document = compose(replace(gated, stages=(replace(stage, findings=(nan, explosion)),)))
    (alerts,) = (block for block in document.blocks if isinstance(block, Alerts))
    assert [finding.name for finding in alerts.findings] == ["explosion"]
    said = [block.text for block in document.blocks if isinstance(block, Paragraph)]
    assert "1 further finding would follow from these and stay out of the list." in said


def test_a_terminal_is_not_asked_the_questions_before_somebody_answers_one(languages):
    assert "Interpretation" not in headings(compose(languages, background=False))
    answered = replace(languages, interpretation={"next": "More rows."})
    assert "Interpretation" in headings(compose(answered, background=False))


def test_what_was_expected_follows_the_comparison(languages):
    expected = Expected(fingerprint="5f" * 32, reasoning="characters tell languages apart")
    found = headings(compose(replace(languages, expected=expected)))
    assert found[:3] == ["Comparison", "What was expected", "Splits"]


def test_all_text_can_be_encoded_and_is_short(hostile):
    for block in compose(hostile).blocks:
        if isinstance(block, Grid):
            for cell in (cell for row in block.rows for cell in row):
                assert len(cell) <= 600
                cell.encode()
        if isinstance(block, Figure):
            block.says.encode()
