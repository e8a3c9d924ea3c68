"""What may be told of a project that hides texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kilter.project.memory import project_in_memory
from kilter.project.telling import examination_as_told, stage_as_told
from kilter.values.finding import Examination, Finding, Severity
from kilter.values.run import Stage
from kilter.values.table import Dataset, Field, Kind, Schema, Table

SAID = "'text' has 'zyzzyva' in 'train', where 'glad' is the label."
FOUND = Finding(code="D123", name="f", severity=Severity.NOTE, seen=SAID, advice="Look.")
STAGE = Stage(name="audit", status="done", seconds=1.0, summary="'zyzzyva' was cut", findings=(FOUND,))


@pytest.fixture
def dataset():
    columns = {"text": np.array(["a zyzzyva"], dtype=object), "mood": np.array(["glad"], dtype=object)}
    schema = Schema(inputs=(Field(name="text", kind=Kind.TEXT),), target="mood", target_kind=Kind.CATEGORY)
    return Dataset(splits={"train": Table(columns=columns, ids=("a.csv:2",))}, schema=schema)


def project(*, hide):
    return project_in_memory(
        ("train",), target="mood", task="classification", settings={"report": {"hide_texts": hide}}
    )


def test_a_project_that_hides_texts_names_columns_and_labels_only(dataset):
    said = "'text' has (7 characters) in 'train', where 'glad' is the label."
    told = stage_as_told(STAGE, project(hide=True), dataset)
    assert (told.summary, told.findings[0].seen) == ("(7 characters) was cut", said)
    (found,) = examination_as_told(Examination(findings=(FOUND,)), project(hide=True), dataset).findings
    assert found.seen == said


def test_tags_may_be_named(dataset):
    columns = {**dataset["train"].columns, "mood": np.array([None], dtype=object)}
    columns["mood"][0] = ("O", "glad")
    table = Table(columns=columns, ids=("a.csv:2",))
    schema = replace(dataset.schema, target_kind=Kind.TOKENS)
    told = stage_as_told(STAGE, project(hide=True), Dataset(splits={"train": table}, schema=schema))
    assert "where 'glad' is" in told.findings[0].seen


def test_any_other_tells_all(dataset):
    examination = Examination(findings=(FOUND,))
    assert stage_as_told(STAGE, project(hide=False), dataset) is STAGE
    assert examination_as_told(examination, project(hide=False), dataset) is examination
