"""Several targets, one by one; and rows without any."""

from dataclasses import replace

import numpy as np

from kilter.checks.data.targets import each_target, without_target
from kilter.testing.healthy.sequences import labelled, stream, tuples
from kilter.testing.tables import column, dataset
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Field, Kind


def joined():
    columns = {
        "x": np.arange(6.0),
        "a, b": np.zeros((6, 2)),
        "a": np.array([0, 1, 1, 0, np.nan, 1]),
        "b": np.arange(6.0),
    }
    made = dataset(columns, {"x": Kind.NUMBER}, target="a, b", target_kind=Kind.AMOUNTS, shares={"train": 1.0})
    fields = tuple(Field(name=name, kind=Kind.NUMBER) for name in "ab")
    return replace(made, schema=replace(made.schema, joined=fields))


def saying(subject):
    yield Finding(
        code="D199",
        name="found",
        severity=Severity.NOTE,
        seen=f"It is {subject.schema.target_kind.value}.",
        advice="Look.",
        causes=("data_anomaly",),
    )


def test_each_column_is_a_target_of_its_own_kind():
    said = [finding.seen for finding in each_target(joined(), saying)]
    assert said == ["'a': it is category.", "'b': it is number."]


def test_it_is_skipped_once_and_only_where_all_are():
    def skipping(subject):
        yield Skipped(name="found", reason="no labels")

    def half(subject):
        if subject.schema.target == "a":
            yield Skipped(name="found", reason="no labels")

    assert len(list(each_target(joined(), skipping))) == 1
    assert list(each_target(joined(), half)) == []


def test_a_single_target_is_looked_at_as_it_is():
    assert [finding.seen for finding in each_target(labelled(), saying)] == ["It is labels."]


def test_no_label_is_an_answer_and_none_is_not():
    made = labelled(20)
    cells = tuples([None, (), ("joy",)])
    columns = {"text": column(["a", "b", "c"]), "y": cells}
    rows = dataset(columns, {"text": Kind.TEXT}, target_kind=Kind.LABELS, shares={"train": 1.0}, shuffled=False)
    assert without_target(rows["train"], made.schema).tolist() == [True, False, False]


def test_a_record_lacks_its_target_where_all_of_it_is_missing():
    columns = {"x": np.arange(3.0), "y": tuples([(None, None), (None, 1.0), None])}
    rows = dataset(columns, {"x": Kind.NUMBER}, target_kind=Kind.RECORD, shares={"train": 1.0}, shuffled=False)
    assert without_target(rows["train"], rows.schema).tolist() == [True, False, True]


def test_rows_of_a_stream_always_have_one():
    made = stream()
    assert not without_target(made["train"], made.schema).any()
