from dataclasses import replace
from pathlib import Path

import pytest

from kilter.report.expectation import expectation_lines, expectation_section, rulings_line
from kilter.values.document import Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.expectation import Expectation, Expected, Judgement, Reference, Ruling
from kilter.values.run import Run
from kilter.values.score import Score

ACCURACY, GAP = Expectation.read("accuracy", ">= 0.9"), Expectation.read("gap", "< 0.05")
REFERENCE = Reference(name="Somebody", metric="accuracy", score=0.97, source="A paper, table 1")
SCORE = Score(name="accuracy", value=0.95, low=0.93, high=0.97, n=400)
EXPECTED = Expected(
    fingerprint="0123456789abcdef",
    expectations=(ACCURACY, GAP),
    reasoning="One word tells it.",
    references=(REFERENCE,),
    judgements=(
        Judgement(expectation=ACCURACY, ruling=Ruling.MET, seen="0.95 [0.93, 0.97] on test, n = 400"),
        Judgement(expectation=GAP, ruling=Ruling.UNDECIDED, seen="0.03 [-0.01, 0.07] between train and test, n = 400"),
    ),
)


def section(expected, *evaluations):
    return list(expectation_section(Run(path=Path("run"), status="done", expected=expected, evaluations=evaluations)))


def evaluated(split="test", model="model"):
    return Evaluation(model=model, split=split, measures=Measures(scores=(SCORE,)))


@pytest.mark.parametrize("expected", [None, Expected(fingerprint="ab")])
def test_nothing_is_said_where_nothing_was_expected(expected):
    assert section(expected) == []
    assert rulings_line(expected) == ""


def test_rulings_stand_beside_what_was_expected_and_measured():
    heading, reason, grid, _ = section(EXPECTED, evaluated())

    assert isinstance(heading, Heading)
    assert isinstance(reason, Paragraph)
    assert "One word tells it." in reason.text
    assert grid.rows == (
        ("accuracy >= 0.9", "met", "0.95 [0.93, 0.97] on test, n = 400"),
        ("gap < 0.05", "undecided", "0.03 [-0.01, 0.07] between train and test, n = 400"),
    )
    assert "0123456789ab" in grid.caption


def test_what_was_not_judged_says_so():
    early = replace(EXPECTED, judgements=())
    grid = next(block for block in section(early) if isinstance(block, Grid))

    assert [row[1] for row in grid.rows] == ["not judged", "not judged"]
    assert "judged when the run is evaluated" in grid.caption
    assert rulings_line(early) == "2 expectations, not judged"
    assert expectation_lines(early)[0] == "accuracy >= 0.9: not judged."


def test_references_are_marked_as_not_measured_here():
    grid = section(EXPECTED, evaluated("train"), evaluated("valid", "linear"), evaluated())[-1]

    assert grid.rows == (
        ("accuracy", "network", "0.950 [0.930, 0.970]", "measured here, test split"),
        ("accuracy", "Somebody", "0.970", "not measured here: A paper, table 1"),
    )
    assert grid.emphasised == (0,)
    assert "not measured here" in grid.caption


def test_references_stand_alone_before_anything_is_measured():
    grid = section(replace(EXPECTED, expectations=(), judgements=(), reasoning=""))[-1]

    assert [row[1] for row in grid.rows] == ["Somebody"]


def test_a_change_is_said():
    texts = [
        block.text for block in section(replace(EXPECTED, changed="It was changed.")) if isinstance(block, Paragraph)
    ]

    assert "It was changed." in texts


def test_lines_for_the_end_of_a_command_and_for_a_question():
    assert rulings_line(EXPECTED) == "met: accuracy >= 0.9; undecided: gap < 0.05"
    assert expectation_lines(EXPECTED)[0] == "accuracy >= 0.9: met (0.95 [0.93, 0.97] on test, n = 400)."


def test_foreign_text_is_made_harmless():
    hostile = "\x1b[2J" + "x" * 3000
    named = Reference(name=hostile, metric="accuracy", score=0.5, source=hostile)
    blocks = section(replace(EXPECTED, reasoning=hostile, changed=hostile, references=(named,)))
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    texts += [cell for block in blocks if isinstance(block, Grid) for row in block.rows for cell in row]

    assert all("\x1b" not in text and len(text) < 1100 for text in texts)


def test_of_errors_smaller_is_better():
    error = replace(SCORE, name="rmse", larger_is_better=False)
    made = Evaluation(model="model", split="test", measures=Measures(scores=(error,)))
    grid = section(replace(EXPECTED, references=(replace(REFERENCE, metric="rmse"),)), made)[-1]

    assert [row[0] for row in grid.rows] == ["rmse ↓", "rmse ↓"]
    assert grid.caption.endswith("↓: smaller is better.")
