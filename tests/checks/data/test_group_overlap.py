"""Groups in two splits."""

import numpy as np

from kilter.checks.data.group_overlap import GroupOverlap
from kilter.testing.tables import column, dataset
from kilter.values.finding import Skipped
from kilter.values.table import Kind


def examined(groups, group="g"):
    columns = {"x": np.arange(len(groups)) * 1.5, "g": column(groups), "y": column(["a"] * len(groups))}
    shares = {"train": 0.5, "test": 0.5}
    made = dataset(columns, {"x": Kind.NUMBER}, shares=shares, shuffled=False, group=group)
    return list(GroupOverlap().examine(made))


def test_torn_groups_are_named_with_their_rows():
    (finding,) = examined(["p", "q", "r", "q", "s", "q"])
    assert finding.evidence == {"split": "test", "groups": 1, "share": 2 / 3}
    assert finding.where == ("test.csv:2", "test.csv:4")


def test_whole_groups_and_missing_names_are_silent():
    assert examined(["p", "p", "q", "q"]) == []
    assert examined([None, "p", None, "q"]) == []


def test_without_groups_it_is_skipped():
    assert isinstance(examined(["p", "p"], group=None)[0], Skipped)
