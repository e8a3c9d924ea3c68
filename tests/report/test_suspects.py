"""Suspicious labels on paper."""

import csv
import io
from dataclasses import replace

from kilter.report.suspects import COLUMNS, MOST, suspects_document, suspects_table, without_inputs
from kilter.report.terminal import render_terminal
from kilter.values.label_noise import LabelNoise, Suspect
from kilter.values.score import Score

SUSPECT = Suspect(
    id="t.csv:7",
    inputs='Who, "then"?',
    given="NUM",
    likely="HUM",
    given_probability=0.012345678,
    likely_probability=0.9,
)
NOISE = LabelNoise(
    suspects=(SUSPECT,),
    rate=Score(name="wrong labels", value=0.02, low=0.01, high=0.04, n=500, caution="only so much"),
    agreement=Score(name="agreement", value=0.9, low=0.87, high=0.92, n=500),
    answered_by="linear",
    found_by="confident learning",
    folds=5,
)


def on_paper(noise):
    return " ".join(
        render_terminal(suspects_document(noise, "labels of t", whole="all are in s.csv"), width=100).split()
    )


def test_the_page_says_who_judged_and_how_far_to_trust_it():
    text = on_paper(NOISE)

    assert "1 of 500 labels (0.2 %) is suspect." in text
    assert "contradicts" not in text
    assert "linear, 5 folds" in text
    assert "0.020 [0.010, 0.040]" in text
    assert "only so much" in text
    assert "t.csv:7" in text
    assert "0.012" in text
    assert "further" not in text


def test_more_than_a_page_are_told_of():
    text = on_paper(replace(NOISE, suspects=(SUSPECT,) * (MOST + 3)))

    assert "3 further ones: all are in s.csv" in text
    assert f"{MOST + 3} of 500 labels (5.6 %) are suspect" in text


def test_a_weak_model_is_said_to_be_weak():
    weak = Score(name="agreement", value=0.6, low=0.56, high=0.64, n=500)

    assert "contradicts 40.0 % of the labels" in on_paper(replace(NOISE, agreement=weak))


def test_none_are_said_to_be_none():
    text = on_paper(replace(NOISE, suspects=()))

    assert "None of 500 labels is suspect." in text
    assert "Look at each" not in text


def test_classes_that_were_not_judged_are_named():
    assert "fewer rows than folds: LOC (2 rows)." in on_paper(replace(NOISE, unjudged=(("LOC", 2),)))


def test_the_table_holds_all_and_can_be_read_again():
    rows = list(csv.DictReader(io.StringIO(suspects_table(NOISE))))

    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["inputs"] == 'Who, "then"?'
    assert float(rows[0]["given_probability"]) == 0.0123457


def test_inputs_can_be_hidden():
    hidden = without_inputs(NOISE)

    assert hidden.suspects[0].inputs == "(12 characters)"
    assert "then" not in suspects_table(hidden) + on_paper(hidden)
