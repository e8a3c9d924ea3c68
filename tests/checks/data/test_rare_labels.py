"""Classes of a handful of rows."""

import pytest

from kilter.checks.data.rare_labels import RareLabels
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def labelled(counts, target_kind=Kind.CATEGORY):
    labels = [label for label, count in counts.items() for _ in range(count)]
    columns = {"text": column([f"text {at}" for at in range(len(labels))]), "y": column(labels)}
    return dataset(columns, {"text": Kind.TEXT}, shares={"train": 1.0}, shuffled=False, target_kind=target_kind)


@pytest.mark.parametrize(
    ("count", "severity"), [(1, Severity.WARNING), (2, Severity.WARNING), (3, Severity.NOTE), (9, Severity.NOTE)]
)
def test_the_fewer_the_graver(count, severity):
    (finding,) = RareLabels().examine(labelled({"a": 40, "b": count}))
    assert finding.severity is severity
    assert finding.evidence["rows in train"] == {"b": count}
    assert finding.where == tuple(f"train.csv:{row}" for row in range(42, 42 + count))


def test_ten_are_enough_unless_more_are_asked_for():
    made = labelled({"a": 40, "b": 10})
    assert list(RareLabels().examine(made)) == []
    assert len(list(RareLabels(few=11).examine(made))) == 1


def test_amounts_have_no_classes():
    assert isinstance(next(RareLabels().examine(labelled({1.0: 3}, Kind.NUMBER))), Skipped)
