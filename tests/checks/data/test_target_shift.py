"""Targets of another distribution."""

import numpy as np
import pytest

from kilter.checks.data.target_shift import TargetShift
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity
from kilter.values.table import Kind

DRAW = np.random.default_rng(0)


def examined(train, test):
    target = np.concatenate([train, test])
    made = dataset(
        {"x": np.arange(len(target)) * 1.5, "y": target},
        {"x": Kind.NUMBER},
        target_kind=Kind.NUMBER if target.dtype.kind == "f" else Kind.CATEGORY,
        shares={"train": len(train) / len(target), "test": len(test) / len(target)},
        shuffled=False,
    )
    return list(TargetShift().examine(made))


def labels(share, rows=1000):
    return column(["yes" if at < share * rows else "no" for at in range(rows)])


@pytest.mark.parametrize(("share", "severity"), [(0.65, Severity.NOTE), (0.8, Severity.WARNING)])
def test_frequencies_that_differ_are_told(share, severity):
    (finding,) = examined(labels(0.5), labels(share))
    assert finding.severity is severity
    assert finding.evidence["test"]["difference"] == pytest.approx(share - 0.5)


def test_small_differences_and_small_splits_are_silent():
    assert examined(labels(0.5, 20_000), labels(0.55, 20_000)) == []  # sure, and too small to matter
    assert examined(labels(0.5), labels(0.9, 10)) == []  # large, and no surer than chance


def test_amounts_that_moved_are_told_with_their_medians():
    (finding,) = examined(DRAW.normal(size=800), DRAW.normal(1.0, 1, 400))
    assert finding.severity is Severity.WARNING
    assert "the median is" in finding.seen


def test_amounts_of_one_distribution_are_silent():
    assert examined(DRAW.normal(size=800), DRAW.normal(size=400)) == []
