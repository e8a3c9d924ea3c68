from __future__ import annotations

from dataclasses import replace

import pytest

from kilter.report.interpretation import (
    QUESTIONS,
    asked_of,
    blank_page,
    interpretation_section,
    read_answers,
)
from kilter.report.verdict import standing_of, verdict
from kilter.values.comparison import Detectable, Effort
from kilter.values.document import Heading, Paragraph
from kilter.values.evaluation import Slice
from kilter.values.expectation import Expectation, Expected, Judgement, Ruling
from kilter.values.finding import Finding, Severity


def facts(run):
    return {asked.name: " ".join(asked.facts) for asked in asked_of(run, standing_of(run))}


def test_five_questions_are_asked_each_with_what_was_measured(languages):
    heading, _, *blocks = interpretation_section(languages, standing_of(languages))
    assert heading == Heading(text="Interpretation", anchor="interpretation")
    asked = blocks[::3]
    assert [block.text for block in asked] == list(QUESTIONS.values())
    assert all(block.level == 3 for block in asked)
    assert all(block.text.startswith("Measured: ") for block in blocks[1::3])
    assert {block.text for block in blocks[2::3]} == {"Not answered yet."}


def test_the_baseline_is_answered_by_the_verdict_and_the_ladder(languages):
    assert facts(languages)["baseline"] == f"{verdict(languages)[0]} Each step up is a gain beyond its interval."


def test_what_was_expected_is_ruled_or_missing(languages):
    assert facts(languages)["expected"].startswith("Nothing was written down before this run")
    claim = Expectation(about="accuracy", relation=">=", bound=0.9)
    judged = Judgement(expectation=claim, ruling=Ruling.MISSED, seen="0.791 [0.774, 0.808]")
    expected = Expected(fingerprint="5f" * 32, expectations=(claim,), judgements=(judged,))
    said = facts(replace(languages, expected=expected))["expected"]
    assert "accuracy >= 0.9" in said
    assert "missed" in said


def test_why_names_where_it_began_gaps_weak_spots_confusions_and_the_worst_warning(languages):
    trained = languages.evaluation("test")
    inside, outside = replace(trained.primary, value=0.4, low=0.3, high=0.5), trained.primary
    weak = Slice(
        name="short",
        said="the text has 1 to 4 characters",
        n=120,
        inside=inside,
        outside=outside,
        lost=0.2,
        p_value=0.01,
    )
    evaluations = tuple(replace(e, slices=(weak,)) if e is trained else e for e in languages.evaluations)
    said = facts(replace(languages, evaluations=evaluations))["why"]
    assert said.startswith(
        "Before its first step the network had accuracy 0.064 [0.047, 0.081] on test. Train is ahead"
    )
    assert (
        "The clearest weak spot: accuracy 0.400 [0.300, 0.500] on 120 examples where the text has 1 to 4 "
        "characters, 0.791 [0.774, 0.808] on all others." in said
    )
    confusion = trained.measures.confusion
    wrong = [
        (count, truth, decided)
        for truth, row in zip(confusion.labels, confusion.counts, strict=True)
        for decided, count in zip(confusion.labels, row, strict=True)
        if truth != decided
    ]
    most = max(count for count, _, _ in wrong)
    truth, decided = next((t, d) for count, t, d in wrong if count == most)
    assert f"Most often {truth} is taken for {decided}: {most} of {sum(c for c, _, _ in wrong)} mistakes." in said
    assert "D103 contradicting-labels: 9,702 of 23,512" in said
    assert "C103" not in said


def test_whether_a_gain_is_real_rests_on_test_design_looks_seeds_and_what_stands_against_it(languages):
    comparisons = tuple(
        replace(comparison, detectable=Detectable(difference=0.012, n=2080), left_effort=Effort(steps=1200))
        for comparison in languages.comparisons
    )
    failure = Finding(code="D102", name="split-overlap", severity=Severity.FAILURE, seen="Rows are shared.", advice="")
    stages = (replace(languages.stages[0], findings=(failure,)), *languages.stages[1:])
    run = replace(languages, comparisons=comparisons, consulted={"test": 3}, stages=stages)
    said = facts(run)["real"]
    for part in (
        "The exact McNemar test gives p = 0.0082 with Holm correction, on 2,080 examples.",
        "a true difference of 0.012 or more",
        "Effort: the network with 1 setting, 1,200 steps.",
        "test 3 times.",
        "This is one training; another seed falls elsewhere",
        "1 failure stands against these numbers, first of all D102 split-overlap: Rows are shared.",
    ):
        assert part in said


def test_without_a_test_split_the_numbers_are_said_to_flatter(languages):
    evaluations = tuple(replace(e, split="valid") for e in languages.evaluations if e.split == "test")
    comparisons = tuple(replace(comparison, split="valid") for comparison in languages.comparisons)
    said = facts(replace(languages, evaluations=evaluations, comparisons=comparisons))["real"]
    assert "There is no test split" in said


def test_what_comes_next_is_what_warnings_advise(languages, regression):
    assert facts(languages)["next"].startswith("D103 contradicting-labels: Keep one label for each input")
    assert "C103" not in facts(languages)["next"]
    assert facts(regression)["next"] == "No finding asks for anything."


def test_an_answer_stands_below_its_question_paragraph_by_paragraph(languages):
    run = replace(languages, interpretation={"real": "Yes,\nI think.\n\nThree seeds agree.\x1b[2J"})
    blocks = list(interpretation_section(run, standing_of(run)))
    at = blocks.index(next(b for b in blocks if isinstance(b, Heading) and b.text == QUESTIONS["real"]))
    assert blocks[at + 2 : at + 4] == [
        Paragraph(text="Written: Yes,\nI think."),
        Paragraph(text="Three seeds agree.\\x1b[2J"),
    ]
    assert [block.text for block in blocks if isinstance(block, Paragraph)].count("Not answered yet.") == 4


def test_the_page_to_fill_in_has_each_question_and_its_facts_and_no_answer(languages):
    page = blank_page(languages)
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(QUESTIONS.values())
    assert f"> {verdict(languages)[0]}\n" in page
    assert read_answers(page) == {}


def test_a_run_that_was_not_evaluated_has_no_such_page(gated):
    assert blank_page(gated) == ""


def test_what_was_measured_cannot_begin_a_question_of_its_own(hostile):
    assert read_answers(blank_page(hostile)) == {}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_written_below_a_question_is_read_back(languages, name):
    heading = f"## {QUESTIONS[name]}\n"
    page = blank_page(languages)
    before, after = page.split(heading)
    facts_end = after.index("\n\n", 1) + 2
    written = before + heading + after[:facts_end] + "My answer.\n\n> somebody else's words\n\n" + after[facts_end:]
    assert read_answers(written) == {name: "My answer.\n\n> somebody else's words"}


def test_questions_are_known_again_however_their_headings_are_spelt_and_nothing_below_them_is_lost():
    text = "# Mine\nlost\n##  what NEXT  \n- more rows\n## A heading of my own\nand its text\n## As expected?\n"
    assert read_answers(text) == {"next": "- more rows\n## A heading of my own\nand its text"}
