"""A target that is the same everywhere, or nowhere."""

import numpy as np
import pytest

from kilter.checks.data.nothing_to_learn import NothingToLearn
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity
from kilter.values.table import Kind


def examined(target, kind=Kind.CATEGORY, share=1.0):
    made = dataset(
        {"x": np.arange(len(target)) * 1.5, "y": target},
        {"x": Kind.NUMBER},
        target_kind=kind,
        shares={"train": share, "test": 1 - share} if share < 1 else {"train": 1.0},
        shuffled=False,
    )
    return list(NothingToLearn().examine(made))


@pytest.mark.parametrize(
    ("target", "kind", "said"),
    [
        (column(["a", "a", None]), Kind.CATEGORY, "All 2 training rows have the target a"),
        (column([None, ""]), Kind.CATEGORY, "Not one of 2 training rows has a target"),
        (np.full(3, 2.5), Kind.NUMBER, "All 3 training rows have the target 2.5"),
        (np.full(3, np.nan), Kind.NUMBER, "Not one of 3"),
    ],
)
def test_it_is_a_failure(target, kind, said):
    (finding,) = examined(target, kind)
    assert finding.severity is Severity.FAILURE
    assert said in finding.seen


def test_no_rows_are_a_failure_and_other_splits_do_not_help():
    assert examined(column(["a", "b"]), share=0.0)[0].seen == "The training split has no rows."
    assert len(examined(column(["a", "a", "b", "c"]), share=0.5)) == 1


def test_two_targets_are_enough():
    assert examined(column(["a", "b"])) == []
