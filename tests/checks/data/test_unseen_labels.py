"""Labels of one split only."""

from kilter.checks.data.unseen_labels import UnseenLabels
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def labelled(train, test):
    columns = {"x": column([f"text {at}" for at in range(len(train + test))]), "y": column([*train, *test])}
    shares = {"train": len(train) / len(train + test), "test": len(test) / len(train + test)}
    return dataset(columns, {"x": Kind.TEXT}, shares=shares, shuffled=False)


def test_labels_that_training_never_shows_are_counted_with_their_rows():
    (finding,) = UnseenLabels().examine(labelled(list("aabb"), list("abcc")))
    assert finding.severity is Severity.FAILURE
    (milder,) = UnseenLabels(fail_share=0.6).examine(labelled(list("aabb"), list("abcc")))
    assert milder.severity is Severity.WARNING
    assert "'c'; 2 rows of 4 (50 %)" in finding.seen
    assert finding.where == ("test.csv:4", "test.csv:5")


def test_labels_without_test_rows_are_a_note():
    (finding,) = UnseenLabels().examine(labelled(list("aabb"), list("aaaa")))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["rows in train"] == {"b": 2}


def test_the_same_labels_everywhere_are_silent_and_one_split_is_skipped():
    assert list(UnseenLabels().examine(labelled(list("ab"), list("ba")))) == []
    alone = dataset({"x": column(["a"]), "y": column(["b"])}, {"x": Kind.TEXT}, shares={"train": 1.0})
    assert isinstance(next(UnseenLabels().examine(alone)), Skipped)


def test_whole_numbers_are_the_same_label_however_they_were_read():
    made = labelled([1.0, 2.0], [1.0, 2.0])
    assert list(UnseenLabels().examine(made)) == []
