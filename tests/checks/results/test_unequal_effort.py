"""More was tried on one side than on the other."""

from dataclasses import replace

import pytest

from kilter.checks.results.unequal_effort import UnequalEffort
from kilter.testing.healthy.outcomes import of_classes
from kilter.values.comparison import Effort
from kilter.values.finding import Severity, Skipped


def examined(ours, theirs, *, accuracy=0.9, majority=0):
    made = of_classes(accuracy, linear=0.8)
    trials = {"linear": theirs, "majority": majority}
    compared = [
        replace(c, left_effort=Effort(trials=ours, seconds=9.0), right_effort=Effort(trials=trials[c.right]))
        for c in made.comparisons
    ]
    return list(UnequalEffort().examine(replace(made, comparisons=tuple(compared))))


def test_many_settings_against_few_are_told():
    (finding,) = examined(7, 3)

    assert finding.severity is Severity.WARNING
    assert "7 settings of model" in finding.seen
    assert "3 settings of linear" in finding.seen
    assert finding.evidence["settings of model"] == 7
    assert finding.evidence["seconds of model"] == 9.0
    assert "steps of model" not in finding.evidence


@pytest.mark.parametrize(("ours", "theirs"), [(6, 3), (3, 3), (1, 3), (3, 40)])
def test_alike_or_more_for_the_baseline_is_silent(ours, theirs):
    assert examined(ours, theirs) == []


def test_a_model_that_does_not_win_needs_no_excuse():
    assert examined(40, 3, accuracy=0.35) == []


def test_a_baseline_without_settings_has_had_its_share():
    assert examined(40, 0) == []


def test_without_counts_it_is_skipped():
    assert isinstance(next(UnequalEffort().examine(of_classes())), Skipped)
