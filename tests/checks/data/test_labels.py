"""Labels as text, counted."""

import numpy as np

from kilter.checks.data.labels import counts_by_split, counts_labels, has_labels, label_sets, labels_of
from kilter.testing.healthy.sequences import labelled, tagged, tuples
from kilter.testing.tables import column, dataset, table
from kilter.values.table import Kind


def test_labels_are_texts_whatever_they_were_read_as():
    columns = {"y": np.array([0, 1, 1], np.uint8), "z": np.array([0.5, np.nan, 2.0]), "w": column(["a", " ", None])}
    read = table(columns, "t")
    assert labels_of(read, "y").tolist() == ["0", "1", "1"]
    assert labels_of(read, "z").tolist() == ["0.5", None, "2"]
    assert labels_of(read, "w").tolist() == ["a", None, None]


def test_counts_leave_out_what_is_missing():
    columns = {"x": np.arange(6.0), "y": column(["a", "a", None, "b", "b", "b"])}
    made = dataset(columns, {"x": Kind.NUMBER}, shares={"train": 0.5, "test": 0.5}, shuffled=False)
    assert counts_by_split(made) == {"train": {"a": 2}, "test": {"b": 3}}
    assert has_labels(made.schema)


def test_several_labels_and_tags_count_once_a_row():
    read = table({"y": tuples([("joy", "fear"), (), None]), "z": tuples([("B-PER", "I-PER"), ("O",), ("S-LOC",)])}, "t")
    assert label_sets(read, "y") == [{"joy", "fear"}, set(), set()]
    assert label_sets(read, "z") == [{"PER"}, {"O"}, {"LOC"}]


def test_which_targets_have_labels_to_count():
    assert counts_labels(labelled().schema)
    assert counts_labels(tagged().schema)
    assert not has_labels(tagged().schema)
