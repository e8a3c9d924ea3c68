"""A split that was looked at again and again."""

from dataclasses import replace

import numpy as np

from kilter.checks.results.split_consulted_often import SplitConsultedOften
from kilter.testing.healthy.outcomes import of_classes
from kilter.values.finding import Severity, Skipped


def examined(looks):
    return list(SplitConsultedOften().examine(replace(of_classes(), consulted=looks)))


def test_many_looks_are_a_warning_with_their_number():
    (finding,) = examined(25)

    assert finding.severity is Severity.WARNING
    assert "consulted 25 times" in finding.seen
    assert finding.evidence["looks"] == 25


def test_few_looks_are_silent_and_uncounted_ones_skipped():
    assert examined(24) == []
    assert isinstance(examined(None)[0], Skipped)


def test_the_threshold_is_where_the_best_of_equals_leaves_its_interval():
    drawn = np.random.default_rng(0).normal(size=(40_000, SplitConsultedOften().often))

    assert drawn.max(axis=1).mean() > 1.96
    assert drawn[:, :-1].max(axis=1).mean() < 1.96
