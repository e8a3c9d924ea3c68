"""One class that outweighs the others."""

import pytest

from kilter.checks.data.imbalance import Imbalance
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def labelled(counts):
    labels = [label for label, count in counts.items() for _ in range(count)]
    columns = {"text": column([f"text {at}" for at in range(len(labels))]), "y": column(labels)}
    return dataset(columns, {"text": Kind.TEXT}, shares={"train": 1.0})


@pytest.mark.parametrize(("most", "severity"), [(80, Severity.NOTE), (94, Severity.NOTE), (95, Severity.WARNING)])
def test_it_grows_with_the_share(most, severity):
    (finding,) = Imbalance().examine(labelled({"usual": most, "rare": 100 - most}))
    assert finding.severity is severity
    assert finding.evidence["share"] == most / 100


def test_three_to_one_is_no_imbalance():
    assert list(Imbalance().examine(labelled({"a": 75, "b": 25}))) == []


def test_one_class_is_left_to_another_check():
    assert isinstance(next(Imbalance().examine(labelled({"a": 10}))), Skipped)
