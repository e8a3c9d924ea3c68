import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.values.finding import Finding, Severity, Strength
from kilter.values.json_form import dumps, from_json, to_json
from kilter.values.run import Stage
from kilter.values.score import Score
from kilter.values.table import Kind

FINDING = Finding(
    code="D102",
    name="overlap",
    severity=Severity.FAILURE,
    seen="s",
    advice="a",
    causes=("train_val_leak",),
    where=("f:1",),
    evidence={"share": 0.5, "pairs": (("a", "b"),), "severity": "of a storm"},
    strength=Strength.PROVED,
)


def test_what_json_cannot_say_stands_as_a_word():
    assert dumps([math.nan, math.inf, -math.inf, np.float32("nan")]) == '["nan", "inf", "-inf", "nan"]'


def test_values_are_written_as_people_read_them():
    data = to_json({"kind": Kind.TEXT, "severity": Severity.NOTE, 3: Path("a/b"), "array": np.eye(2, dtype=int)})

    assert data == {"kind": "text", "severity": "note", "3": "a/b", "array": [[1, 0], [0, 1]]}


def test_what_has_no_form_is_refused_by_name():
    with pytest.raises(TypeError, match=r"object .* has no JSON form"):
        to_json(object())


def test_a_finding_comes_back_as_it_was():
    data = json.loads(dumps(FINDING))

    assert data["severity"] == "failure"
    assert from_json(Finding, data).severity is Severity.FAILURE
    assert from_json(Finding, data).strength is Strength.PROVED
    assert from_json(Finding, data).evidence["share"] == 0.5
    assert from_json(Finding, data).causes == FINDING.causes


def test_severities_are_found_wherever_a_finding_stands():
    stage = Stage(name="audit", status="done", seconds=1.0, summary="x", findings=(FINDING,))

    assert from_json(tuple[Stage, ...], [to_json(stage)])[0].findings[0].severity is Severity.FAILURE


def test_evidence_that_is_named_like_a_severity_is_left_alone():
    assert from_json(Finding, json.loads(dumps(FINDING))).evidence["severity"] == "of a storm"


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 10**9))
def test_scores_come_back_to_the_last_bit(value, n):
    score = Score(name="accuracy", value=value, low=None, high=None, n=n)

    assert from_json(Score, json.loads(dumps(score))) == score


def test_data_of_another_form_are_refused():
    with pytest.raises(ValueError, match="name"):
        from_json(Score, {"value": 1})
