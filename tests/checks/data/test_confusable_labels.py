"""Labels that are taken for one another."""

from kilter.checks.data.confusable_labels import ConfusableLabels
from kilter.testing.healthy.datasets import amounts, numbers, texts
from kilter.testing.planted.sequences import confused, noisy
from kilter.testing.tables import dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def test_two_names_of_one_class_are_found():
    (finding,) = ConfusableLabels().examine(confused())
    assert finding.severity is Severity.NOTE
    assert set(finding.where) == {"cold", "chilly"}
    ((_, _, right, high, rows),) = finding.evidence["pairs"]
    assert 0.35 < right < 0.65
    assert high <= 0.65
    assert rows > 500


def test_labels_that_are_told_apart_are_silent():
    assert list(ConfusableLabels().examine(noisy(0.05))) == []


def test_a_rare_label_is_not_judged():
    made = confused(share=0.005)
    assert list(ConfusableLabels().examine(made)) == []


def test_where_the_model_knows_nothing_it_is_no_witness():
    (said,) = ConfusableLabels().examine(texts(900))
    assert isinstance(said, Skipped)
    assert "witness" in said.reason


def test_amounts_two_labels_and_few_rows_are_skipped():
    columns, kinds = amounts()
    assert isinstance(next(iter(ConfusableLabels().examine(dataset(columns, kinds, target_kind=Kind.NUMBER)))), Skipped)
    columns, kinds = numbers()
    assert isinstance(next(iter(ConfusableLabels().examine(dataset(columns, kinds)))), Skipped)
    (said,) = ConfusableLabels().examine(texts(200))
    assert isinstance(said, Skipped)
